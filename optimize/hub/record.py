"""The note in a fetched folder that says where it came from."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from runtime.hub_id import has_hub_shape
from runtime.model_card import LONGEST, plain_text

RECORD_NAME = "hub.json"


@dataclass(frozen=True, kw_only=True)
class HubRecord:
    """Where a fetched folder came from."""

    repository: str
    commit: str
    variant: str | None = None
    license: str = ""


def write_record(folder: Path, record: HubRecord) -> None:
    """Write the note whole or not at all; raises OSError."""
    partial = folder / f".{RECORD_NAME}"
    partial.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
    partial.replace(folder / RECORD_NAME)


def read_record(folder: Path) -> HubRecord | None:
    """Return where a folder came from, None where it was not fetched by us."""
    try:
        value = json.loads((folder / RECORD_NAME).read_bytes())
        repository, commit, variant = value["repository"], value["commit"], value["variant"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    if not isinstance(repository, str) or not isinstance(commit, str) or not has_hub_shape(repository):
        return None
    license = value.get("license")
    return HubRecord(
        repository=repository,
        commit=commit,
        variant=variant if isinstance(variant, str) else None,
        license=plain_text(license, LONGEST["license"]) if isinstance(license, str) else "",
    )
