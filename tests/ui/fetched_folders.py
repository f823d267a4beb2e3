"""What a fetch from the Hub leaves in a data folder, and models whose manifests name it; written by hand."""

import os
from pathlib import Path

from tests.runtime.model_folders import write_ir, write_manifest

COMMIT = "c" * 40


def put_source(data: Path, repository: str = "ORG/NAME", commit: str = COMMIT, size: int = 1000) -> Path:
    folder = data / "cache" / "hub" / f"models--{repository.replace('/', '--')}" / commit
    (folder / "unet").mkdir(parents=True)
    (folder / "model_index.json").write_bytes(b"{}")
    (folder / "unet" / "w.safetensors").write_bytes(bytes(size))
    return folder


def put_model(data: Path, name: str, source: Path | None) -> Path:
    folder = write_ir(data / "models" / name)
    if source is not None:
        place = Path(os.path.relpath(source, folder)).as_posix()
        write_manifest(folder, "ORG/NAME", revision=COMMIT, folder=place)
    return folder
