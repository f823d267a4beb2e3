"""The note in a fetched folder that says where it came from."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from runtime.hub_id import has_hub_shape
from runtime.model_card import ModelCard

RECORD_NAME = "hub.json"


@dataclass(frozen=True, kw_only=True)
class HubRecord:
    """Where a fetched folder came from."""

    repository: str
    commit: str
    variant: str | None = None
    card: ModelCard = field(default_factory=ModelCard)  # what the page of the model says


def write_record(folder: Path, record: HubRecord) -> None:
    """Write the note whole or not at all; raises OSError."""
    partial = folder / f".{RECORD_NAME}"
    told = asdict(record) | {"card": record.card.to_dict()}
    partial.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    partial.replace(folder / RECORD_NAME)


def read_record(folder: Path) -> HubRecord | None:
    """Return where a folder came from, None where it was not fetched by us."""
    try:
        value = json.loads((folder / RECORD_NAME).read_bytes())
        repository, commit, variant = value["repository"], value["commit"], value["variant"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    if not isinstance(repository, str) or not isinstance(commit, str) or not has_hub_shape(repository):
        return None
    try:
        card = ModelCard.from_dict(value.get("card", {}))
    except (ValueError, AttributeError):  # not as it was written: the rest may still be right
        card = ModelCard()
    return HubRecord(
        repository=repository,
        commit=commit,
        variant=variant if isinstance(variant, str) else None,
        card=card,
    )
