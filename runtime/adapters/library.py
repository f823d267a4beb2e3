"""The LoRAs and embeddings on this disk: our own folders, and those of A1111, its forks and ComfyUI."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.checkpoint import PICKLES
from runtime.errors import AdapterError
from runtime.folders import files_below
from runtime.places import usual_places
from runtime.safetensors_header import SafetensorsHeader, read_header

LORA, EMBEDDING = "lora", "embedding"
OWN_FOLDERS = {LORA: "loras", EMBEDDING: "embeddings"}
# Below a place that another program keeps its models in.
_FOLDERS = {
    LORA: ("models/Lora", "models/LyCORIS", "models/loras", "Lora", "loras"),
    EMBEDDING: ("embeddings", "models/embeddings"),
}
_SUFFIXES = (".safetensors", *PICKLES)
_MAX_FILES = 5000  # of one folder
_KOHYA_HASH = "sshs_model_hash"


@dataclass(frozen=True, kw_only=True)
class AdapterFile:
    """A file found, called by its name without ending."""

    name: str
    path: Path
    kind: str

    @property
    def bytes(self) -> int:
        """Its size; 0 for one that is gone."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0


class AdapterLibrary:
    """What can be named in a prompt: given files first, then our own folders, then other programs'."""

    def __init__(self, data: Path, files: Sequence[Path] = ()) -> None:
        self._data = data
        self._files = tuple(files)

    def folders(self, kind: str) -> list[Path]:
        """Where files of a kind lie."""
        others = [place / name for place in usual_places() for name in _FOLDERS[kind]]
        return [self._data / OWN_FOLDERS[kind], *(folder for folder in others if folder.is_dir())]

    def files(self, kind: str) -> list[AdapterFile]:
        """Return what there is, each name once, a pickle only where there is nothing better of its name."""
        found: dict[str, AdapterFile] = {}
        given = self._files if kind == LORA else ()
        listed = [
            path for folder in self.folders(kind) for path in files_below(folder, _SUFFIXES, _MAX_FILES)
        ]
        for path in [*given, *sorted(listed, key=lambda path: path.suffix.lower() in PICKLES)]:
            found.setdefault(path.stem, AdapterFile(name=path.stem, path=path, kind=kind))
        return sorted(found.values(), key=lambda file: file.name.lower())

    def lora(self, name: str) -> AdapterFile:
        """Return the LoRA of that name, in any case; raises AdapterError with what there is."""
        files = self.files(LORA)
        for spelled in (str, str.casefold):
            for file in files:
                if spelled(file.name) == spelled(name):
                    return file
        some = ", ".join(file.name for file in files[:5]) or "none"
        more = f" and {len(files) - 5} more" if len(files) > 5 else ""
        raise AdapterError(
            f"there is no LoRA {name!r:.80} (there are {some}{more}): put its file into "
            f"{self._data / OWN_FOLDERS[LORA]}, or give --lora FILE"
        )


def lora_hash(path: Path) -> str:
    """Return the sha256 that A1111 tells LoRAs by: of the tensors, without the header (addnet, kohya).

    Raises ModelFolderError for a file that is no safetensors file.
    """
    header = read_header(path)
    return known_lora_hash(header) or _sha256(path, header.data_start)


def known_lora_hash(header: SafetensorsHeader) -> str:
    """Return the same where the header says it, as kohya's does; else ""."""
    said = header.metadata.get(_KOHYA_HASH, "")
    return said if len(said) == 64 and all(mark in "0123456789abcdef" for mark in said) else ""


def embedding_hash(path: Path) -> str:
    """Return the sha256 that A1111 tells embeddings by: of the whole file."""
    return _sha256(path, 0)


def _sha256(path: Path, start: int) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            file.seek(start)
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise AdapterError(f"{path} cannot be read ({error.strerror}): check its permissions") from error
    return digest.hexdigest()
