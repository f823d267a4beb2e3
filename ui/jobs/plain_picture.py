"""A job that takes no model: a picture enlarged by resampling, when the body's model is "lanczos"."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.errors import InvalidRequest

if TYPE_CHECKING:
    from PIL import Image

TASK, NAME = "upscale", "lanczos"  # runtime.lanczos, which loads Pillow, is imported when there is a picture


def is_plain(body: Mapping[str, Any]) -> bool:
    """Whether a job of pictures is such a one."""
    return body.get("model") == NAME


def check_plain(body: Mapping[str, Any], pictures: Mapping[str, Any]) -> None:
    """Raise InvalidRequest for what resampling cannot do."""
    if body.get("task", TASK) != TASK:
        raise InvalidRequest(f"lanczos cannot do {body['task']}: it can do {TASK}")
    others = [*body.get("fields", {}), *(name for name in pictures if name != "image")]
    if body.get("grid"):
        others.append("grid")
    if others:
        raise InvalidRequest(f"{others[0]} does not go with lanczos, which only resamples: drop it")
    if "image" not in pictures:
        raise InvalidRequest("upscale starts from a picture: give one")
    from runtime.image_input import read_image
    from runtime.lanczos import check_side

    check_side(read_image(pictures["image"]))


class PlainPicture:
    """The enlarged picture, its text, and what is told of it."""

    def __init__(self, source: str) -> None:
        """Enlarge the picture in a file; raises InvalidRequest."""
        from runtime.image_input import read_image
        from runtime.lanczos import enlarge, lanczos_text

        started = time.perf_counter()
        self.image: Image.Image = enlarge(read_image(source))
        self.text = lanczos_text(self.image.size)
        self._source = source
        self._seconds = time.perf_counter() - started

    def describe(self, path: Path) -> dict[str, Any]:
        """Return what `generate --model lanczos --json` prints, and the size."""
        width, height = self.image.size
        return {
            "task": TASK,
            "images": [{"path": str(path), "seed": None}],
            "model": NAME,
            "previews": [],
            "request": {"task": TASK, "image": self._source, "width": width, "height": height},
            "placement": {},
            "timings": {"resample": self._seconds, "total": self._seconds},
            "warnings": [],
        }
