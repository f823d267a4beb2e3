"""The checkpoints that other programs keep on this disk: in the folders of A1111, its forks and ComfyUI."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.checkpoint import PICKLES, open_checkpoint
from runtime.errors import InvalidRequest, LapdrawError
from runtime.folders import files_below
from runtime.places import usual_places as usual_places

# Where a place keeps its files; one that has none of these folders is itself such a folder.
_MODEL_FOLDERS = ("models/Stable-diffusion", "models/checkpoints", "Stable-diffusion", "checkpoints")
_VAE_FOLDERS = ("models/VAE", "models/vae", "VAE", "vae")
_ENDINGS = (".safetensors", *PICKLES)  # a person who has only pickles is told why not
_MAX_FILES = 2000  # of one folder; no collection has more, and a wrong folder may


@dataclass(frozen=True, kw_only=True)
class FoundCheckpoint:
    """A file that may be converted; its header is read only when its kind is asked for."""

    name: str  # its path in the folder of models, without its ending
    path: Path
    bytes: int
    is_vae: bool = False

    @property
    def key(self) -> str:
        """What names it to whoever may not name files; tells nothing of where it lies."""
        return hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]

    def kind(self) -> str:
        """Return what the file is; raises LapdrawError, one sentence, for what cannot be converted."""
        if self.is_vae:
            return "VAE"
        kind = open_checkpoint(self.path).kind
        return kind.name if kind is not None else ""


def find_checkpoints(places: Sequence[Path]) -> list[FoundCheckpoint]:
    """Return the checkpoints and then the VAEs below the places, each file once, by name.

    A place is the folder of a program (with models/Stable-diffusion or models/checkpoints), its models
    folder, or a folder of files. What is not there, or not to be read, holds nothing.
    """
    found: dict[Path, FoundCheckpoint] = {}
    for place in places:
        folders = [place / name for name in _MODEL_FOLDERS if (place / name).is_dir()] or [place]
        vaes = [place / name for name in _VAE_FOLDERS if (place / name).is_dir()]
        for folder, is_vae in [*((vae, True) for vae in vaes), *((folder, False) for folder in folders)]:
            for path in files_below(folder, _ENDINGS, _MAX_FILES):
                is_vae_file = is_vae or path.name.lower().endswith(".vae.safetensors")
                row = _row(folder, path, is_vae=is_vae_file)
                if row is not None:
                    found.setdefault(path.resolve(), row)
    return sorted(found.values(), key=lambda row: (row.is_vae, row.name.lower()))


def checkpoint_of(key: str, *, is_vae: bool = False) -> FoundCheckpoint:
    """Return the checkpoint or the VAE of that key in the usual places; raises InvalidRequest for none."""
    for row in find_checkpoints(usual_places()):
        if row.key == key and row.is_vae == is_vae:
            return row
    raise InvalidRequest("that file is not there any more: press Refresh and choose another one")


def describe(checkpoint: FoundCheckpoint) -> tuple[str, str]:
    """Return the kind of a file and "", or "" and why it cannot be converted."""
    try:
        return checkpoint.kind(), ""
    except LapdrawError as error:
        return "", str(error)


def _row(folder: Path, path: Path, *, is_vae: bool) -> FoundCheckpoint | None:
    try:
        size = path.stat().st_size
    except OSError:  # gone meanwhile, or a link to nothing
        return None
    name = path.relative_to(folder).with_suffix("").as_posix()
    return FoundCheckpoint(name=name, path=path, bytes=size, is_vae=is_vae)
