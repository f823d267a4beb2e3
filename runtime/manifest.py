"""What `manifest.json` says of a model folder: its source, how faithful it is, every file's sha256."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from runtime.errors import ModelFolderError
from runtime.model_card import ModelCard
from runtime.quantization import Quantization

MANIFEST_NAME = "manifest.json"
FORMAT_VERSION = 1
PRECISIONS = ("fp32", "fp16", "bf16", "int8", "int4", "unknown")  # the last ones of folders made elsewhere

_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK_BYTES = 1 << 20
_LONGEST_PATH = 4096  # characters; what is longer is no path, and would take long to be looked up


@dataclass(frozen=True, kw_only=True)
class FileEntry:
    """The content a file of the folder must have."""

    sha256: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Source:
    """The model that was converted or taken: a folder (relative to the model folder when it can be) or a Hub
    id; then `folder` is where it was fetched to, in the same manner, None where that is the model itself.
    """

    location: str
    revision: str | None = None  # of a Hub id: the commit
    folder: str | None = None
    sha256: Mapping[str, str] = field(default_factory=dict)  # weight file within the source -> digest
    notes: tuple[str, ...] = ()  # what a single file was recognised as, and what was assumed of it
    card: ModelCard = field(default_factory=ModelCard)  # what its maker says of it

    def place(self, model: Path) -> Path | None:
        """Return where it lies on this disk, told from the model's folder; None for what is no path."""
        named = self.folder or self.location
        if len(named) > _LONGEST_PATH:
            return None
        try:
            return (model.resolve() / named).resolve()
        except (OSError, ValueError, RuntimeError):  # a name that no system has, or links in a circle
            return None


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The record written with a model folder, last of all its files.

    `errors` holds, for each component, the relative error against PyTorch per precision of the weights:
    `{"unet": {"fp32": 1.2e-06, "fp16": 4.0e-04}}`. `files` names every file of the folder but this one, by
    its path with forward slashes. `latent_rgb` (C + 1, 3) is the linear map from a latent to its colour, the
    last row the offset; empty for a model without a VAE.
    """

    source: Source
    precision: str
    tools: Mapping[str, str]
    created: str  # ISO 8601, UTC
    errors: Mapping[str, Mapping[str, float]]
    files: Mapping[str, FileEntry]
    latent_rgb: tuple[tuple[float, ...], ...] = ()
    quantization: Quantization | None = None  # of a model whose UNet was made int8

    def to_bytes(self) -> bytes:
        """Return the one serialized form of this manifest; it carries the sha256 of its own content."""
        body: dict[str, Any] = {
            "created": self.created,
            "errors": {name: dict(errors) for name, errors in self.errors.items()},
            "files": {name: {"bytes": f.bytes, "sha256": f.sha256} for name, f in self.files.items()},
            "format": FORMAT_VERSION,
            "latent_rgb": [list(row) for row in self.latent_rgb],
            "precision": self.precision,
            "source": {
                "location": self.source.location,
                "revision": self.source.revision,
                "sha256": dict(self.source.sha256),
                **({"notes": list(self.source.notes)} if self.source.notes else {}),
                **({"folder": self.source.folder} if self.source.folder is not None else {}),
                **({"card": card} if (card := self.source.card.to_dict()) else {}),
            },
            "tools": dict(self.tools),
        }
        if self.quantization is not None:
            body["quantization"] = self.quantization.to_dict()
        plain = json.dumps(body, sort_keys=True, separators=(",", ":"))
        sealed = body | {"sha256": hashlib.sha256(plain.encode()).hexdigest()}
        return (json.dumps(sealed, sort_keys=True, indent=2) + "\n").encode()

    @classmethod
    def from_bytes(cls, data: bytes, where: str) -> "Manifest":
        """Read a manifest; a wrong or changed one raises ModelFolderError, which calls it `where`."""
        try:
            body = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise ModelFolderError(f"{where} is damaged (not valid JSON): export the model again") from error
        read = _Reader(where)
        top = read.mapping(body, "the manifest")
        version = top.get("format")
        if version != FORMAT_VERSION:
            raise ModelFolderError(
                f"{where} has format {version!r}, this version reads {FORMAT_VERSION}: export the model again"
            )
        source = read.mapping(top.get("source"), "source")
        revision, folder = source.get("revision"), source.get("folder")
        manifest = cls(
            source=Source(
                location=read.text(source.get("location"), "source.location"),
                revision=None if revision is None else read.text(revision, "source.revision"),
                folder=None if folder is None else read.text(folder, "source.folder"),
                sha256=read.digests(source.get("sha256"), "source.sha256"),
                notes=read.text_list(source.get("notes", []), "source.notes"),
                card=read.card(source.get("card", {})),
            ),
            precision=read.precision(top.get("precision")),
            tools=read.texts(top.get("tools"), "tools"),
            created=read.text(top.get("created"), "created"),
            errors=read.errors(top.get("errors")),
            files=read.files(top.get("files")),
            latent_rgb=read.colours(top.get("latent_rgb")),
            quantization=read.quantization(top.get("quantization")),
        )
        # One serialized form only, so that every changed byte shows, not just those a reader would notice.
        if manifest.to_bytes() != data:
            raise ModelFolderError(f"{where} was changed after it was written: export the model again")
        return manifest


class _Reader:
    """Checks the types of a parsed manifest; what is wrong is named in a ModelFolderError."""

    def __init__(self, where: str) -> None:
        self._where = where

    def _fail(self, key: str, wanted: str, value: object) -> ModelFolderError:
        return ModelFolderError(
            f"{self._where}: {key} must be {wanted}, got {value!r:.80}: export the model again"
        )

    def mapping(self, value: Any, key: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._fail(key, "an object", value)
        return value

    def text(self, value: Any, key: str) -> str:
        if not isinstance(value, str) or not value:
            raise self._fail(key, "a text", value)
        return value

    def texts(self, value: Any, key: str) -> dict[str, str]:
        return {name: self.text(item, f"{key}.{name}") for name, item in self.mapping(value, key).items()}

    def text_list(self, value: Any, key: str) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise self._fail(key, "a list of texts", value)
        return tuple(self.text(item, key) for item in value)

    def card(self, value: Any) -> ModelCard:
        said = self.mapping(value, "source.card")
        try:
            return ModelCard.from_dict(said)
        except ValueError as error:
            raise self._fail(f"source.card.{error}", "what it was written as", said[str(error)]) from error

    def precision(self, value: Any) -> str:
        if value not in PRECISIONS:
            raise self._fail("precision", "one of " + ", ".join(PRECISIONS), value)
        return str(value)

    def digest(self, value: Any, key: str) -> str:
        if not isinstance(value, str) or not _SHA256.fullmatch(value):
            raise self._fail(key, "a sha256 in hexadecimal", value)
        return value

    def digests(self, value: Any, key: str) -> dict[str, str]:
        return {
            self.inside(name): self.digest(item, f"{key}.{name}")
            for name, item in self.mapping(value, key).items()
        }

    def inside(self, name: str) -> str:
        """Return `name` if it is a plain path below the folder, on every system."""
        path = PurePosixPath(name)
        if not name or path.is_absolute() or "\\" in name or ":" in name or set(path.parts) & {"..", "."}:
            raise self._fail("a file name", "a path inside the folder", name)
        return name

    def errors(self, value: Any) -> dict[str, dict[str, float]]:
        errors: dict[str, dict[str, float]] = {}
        for component, measured in self.mapping(value, "errors").items():
            errors[component] = {}
            for precision, error in self.mapping(measured, f"errors.{component}").items():
                if not isinstance(error, float | int) or not math.isfinite(error):
                    raise self._fail(f"errors.{component}.{precision}", "a number", error)
                errors[component][precision] = float(error)
        return errors

    def colours(self, value: Any) -> tuple[tuple[float, ...], ...]:
        rows = value if isinstance(value, list) else [value]
        for row in rows:
            fits = isinstance(row, list) and len(row) == 3 and all(isinstance(n, float | int) for n in row)
            if not fits or not all(map(math.isfinite, row)):
                raise self._fail("latent_rgb", "rows of three numbers", value)
        return tuple(tuple(float(number) for number in row) for row in rows)

    def quantization(self, value: Any) -> Quantization | None:
        if value is None:
            return None
        try:
            return Quantization.from_dict(self.mapping(value, "quantization"))
        except ValueError as error:
            wrong = self.mapping(value, "quantization").get(str(error))
            raise self._fail(f"quantization.{error}", "what it was written as", wrong) from error

    def files(self, value: Any) -> dict[str, FileEntry]:
        files: dict[str, FileEntry] = {}
        for name, entry in self.mapping(value, "files").items():
            entry = self.mapping(entry, f"files.{name}")
            size = entry.get("bytes")
            if not isinstance(size, int) or isinstance(size, bool) or size < 0:
                raise self._fail(f"files.{name}.bytes", "a number of bytes", size)
            files[self.inside(name)] = FileEntry(
                sha256=self.digest(entry.get("sha256"), f"files.{name}.sha256"), bytes=size
            )
        return files


def hash_file(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal; raises OSError. Other threads run meanwhile."""
    digest = hashlib.sha256()
    buffer = bytearray(_CHUNK_BYTES)
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            digest.update(view[:count])
    return digest.hexdigest()


def describe_files(folder: Path) -> dict[str, FileEntry]:
    """Return size and sha256 of every file below `folder` but the manifest; raises OSError."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): FileEntry(sha256=hash_file(path), bytes=path.stat().st_size)
        for path in paths
        if path != folder / MANIFEST_NAME
    }
