"""What is told of an installed model, in the list, on the command line and in the page: its origin, its
card, its parts with their sizes and errors. Texts come from files of strangers and are cleaned."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from runtime.hub_folders import repository_of
from runtime.hub_id import has_hub_shape
from runtime.known_files import FILE_NAME, KnownFiles
from runtime.manifest import Source
from runtime.model_card import visible_text
from runtime.model_folder import ModelFolder
from runtime.places import BUNDLED_MODELS
from ui.fetched_sources import FetchedSource, sources_of
from ui.model_store import folder_bytes

HUB_PAGES = "https://huggingface.co"
SHORT_HASH = 10  # digits of a file's sha256 that A1111 shows, and people quote
_SHORT_COMMIT = 8
_LONGEST = 400  # characters of a name
_MOST_NOTES = 20
_COMMIT = re.compile(r"[0-9a-f]{40}")
# A folder of huggingface_hub's cache, whose names say what it holds.
_HUB_CACHE = re.compile(r".*/(models--[^/]+)/snapshots/([0-9a-f]{40})")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a model is from: `kind` is "hub", "file", "folder", "bundled" or "unknown"."""

    kind: str = "unknown"
    name: str = ""  # the Hub's id, or the name of the file or folder
    revision: str = ""
    sha256: str = ""  # of a single file

    @property
    def short_hash(self) -> str:
        """What A1111 calls the model hash, empty for all but single files."""
        return self.sha256[:SHORT_HASH]

    @property
    def page(self) -> str:
        """The address of the repository at its commit, empty for what is not from the Hub."""
        if self.kind != "hub" or not has_hub_shape(self.name):
            return ""
        at = f"/tree/{self.revision}" if _COMMIT.fullmatch(self.revision) else ""
        return f"{HUB_PAGES}/{self.name}{at}"

    def __str__(self) -> str:
        if self.kind == "hub":
            return f"hub {self.name}@{self.revision[:_SHORT_COMMIT]}"
        if self.kind == "file":
            return f"file {self.name} [{self.short_hash}]"
        return f"folder {self.name}" if self.kind == "folder" else self.kind

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, the same keys for every kind."""
        return {
            "kind": self.kind,
            "name": self.name,
            "revision": self.revision or None,
            "sha256": self.sha256 or None,
            "short_hash": self.short_hash or None,
            "page": self.page or None,
        }


def origin_of(folder: ModelFolder) -> Origin:
    """Return where a model is from; "unknown" without a manifest, which alone could tell."""
    if is_bundled(folder.path):
        return Origin(kind="bundled", name=folder.name)
    if folder.manifest is None:
        return Origin()
    source = folder.manifest.source
    if source.revision is not None:
        name, revision = (visible_text(text, _LONGEST) for text in (source.location, source.revision))
        return Origin(kind="hub", name=name, revision=revision)
    own = PurePosixPath(source.location.replace("\\", "/")).name
    name = visible_text(own, _LONGEST)
    if own.lower().endswith(".safetensors"):  # its weights may be joined by those of another VAE's file
        return Origin(kind="file", name=name, sha256=source.sha256.get(own, ""))
    cached = _HUB_CACHE.fullmatch(source.location) if len(source.location) <= _LONGEST else None
    repository = repository_of(cached[1]) if cached else None
    if cached and repository and has_hub_shape(repository):
        return Origin(kind="hub", name=repository, revision=cached[2])
    return Origin(kind="folder", name=name)


def is_bundled(path: Path) -> bool:
    """Whether a model folder came with the program."""
    return path.resolve().parent == BUNDLED_MODELS.resolve()


def component_bytes(folder: ModelFolder) -> dict[str, int]:
    """Return what each folder of a model takes on disk, the networks first, "other" for the rest."""
    parts = [*folder.components, *(p.name for p in sorted(folder.path.iterdir()) if p.is_dir())]
    sizes = {name: folder_bytes(folder.path / name) for name in dict.fromkeys(parts)}
    return {name: size for name, size in sizes.items() if size} | {
        "other": folder_bytes(folder.path) - sum(sizes.values())
    }


def facts_of(folder: ModelFolder, data: Path) -> dict[str, Any]:
    """Return everything that `models show` tells, as plain values under keys that stay as they are.

    Raises ModelFolderError where the folder of models cannot be read. Nothing is hashed.
    """
    manifest = folder.manifest
    source = manifest.source if manifest is not None else Source(location="")
    quantized = manifest.quantization if manifest is not None else None
    return {
        "name": folder.name,
        "path": str(folder.path),
        "bundled": is_bundled(folder.path),
        "bytes": folder_bytes(folder.path),
        "component_bytes": component_bytes(folder),
        "tasks": list(folder.tasks),
        "pipeline": visible_text(folder.pipeline_class, _LONGEST),
        "components": list(folder.components),
        "precision": folder.precision,
        "width": folder.default_width,
        "height": folder.default_height,
        "prediction_type": folder.prediction_type,
        "source": origin_of(folder).to_dict()
        | {
            "location": _location(folder),
            "file_sha256": {visible_text(name, _LONGEST): digest for name, digest in source.sha256.items()},
            "notes": [visible_text(note, _LONGEST) for note in source.notes[:_MOST_NOTES]],
            "fetched": [
                {"path": str(found.path), "bytes": found.bytes, "models": list(found.models)}
                for found in _fetched(folder, data)
            ],
        },
        "card": source.card.to_dict(),
        "created": visible_text(manifest.created, _LONGEST) if manifest is not None else None,
        "tools": dict(manifest.tools) if manifest is not None else {},
        "errors": {k: dict(v) for k, v in manifest.errors.items()} if manifest is not None else {},
        "quantization": quantized.to_dict() | {"speed": quantized.speed} if quantized is not None else None,
        "files": _files(folder, data),
        "notes": list(folder.notes),
    }


def _location(folder: ModelFolder) -> str | None:
    """Return the source as the manifest names it, a file or folder with its whole path."""
    if folder.manifest is None:
        return None
    source = folder.manifest.source
    place = source.place(folder.path) if source.revision is None else None
    return visible_text(source.location, _LONGEST) if place is None else str(place)


def _fetched(folder: ModelFolder, data: Path) -> tuple[FetchedSource, ...]:
    """Return what was fetched for a model of the data folder; others of the same name have none there."""
    is_own = folder.path.resolve().parent == (data / "models").resolve()
    return sources_of(folder.name, data) if is_own else ()


def _files(folder: ModelFolder, data: Path) -> dict[str, Any]:
    """Return how many files there are, and of how many the content is known to be the manifest's.

    Opening has compared the sizes of all; `known_unchanged` were hashed before and not written to since.
    """
    listed = folder.manifest.files if folder.manifest is not None else {}
    known = KnownFiles(data / "cache" / FILE_NAME)
    unchanged = sum(known.knows(folder.path / name, entry.sha256) for name, entry in listed.items())
    return {"in_manifest": len(listed), "known_unchanged": unchanged}
