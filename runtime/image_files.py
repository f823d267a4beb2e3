"""Pictures on disk: whole or not at all, named in order, carrying what made them."""

import re
from datetime import date
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from runtime.whole_file import write_whole

NUMBERED = re.compile(r"(\d{5,})-")


def save_png(image: Image.Image, path: Path, text: str) -> None:
    """Write a PNG with the `parameters` text beside its place, then move it there.

    An existing file is replaced. Raises InvalidRequest when the place cannot be written to.
    """
    info = PngInfo()
    info.add_text("parameters", text)
    write_whole(path, lambda file: image.save(file, format="PNG", pnginfo=info))


def next_path(outputs: Path, task: str, label: int | str) -> Path:
    """Return `outputs/<task>-images/YYYY-MM-DD/NNNNN-<label>.png`, numbered after what is there."""
    return numbered_path(outputs / f"{task}-images" / date.today().isoformat(), label)


def numbered_path(folder: Path, label: int | str) -> Path:
    """Return `folder/NNNNN-<label>.png` with the next free number; the label is the seed, or "grid"."""
    taken = (
        [int(m[1]) for m in (NUMBERED.match(path.name) for path in folder.iterdir()) if m]
        if folder.is_dir()
        else []
    )
    return folder / f"{max(taken, default=-1) + 1:05d}-{label}.png"
