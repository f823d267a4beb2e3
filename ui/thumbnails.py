"""Small versions of pictures, made when they are first shown and kept in the cache while there is room."""

import hashlib
import threading
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw

from runtime.errors import InvalidRequest
from runtime.image_input import read_image
from runtime.whole_file import write_whole

SIDE = 256  # pixels of the longer side
QUALITY = 85  # of a JPEG
ROOM = 64 * 2**20  # bytes: about 6,000 of them
KEPT = 0.75  # of the room, once it was full
UNREADABLE = "unreadable.jpg"
PAPER, INK = (214, 214, 219), (130, 130, 138)


class Thumbnails:
    """Makes them in a folder of its own; the oldest go when the folder is full."""

    def __init__(self, folder: Path, *, room: int = ROOM) -> None:
        self.folder = folder
        self._room = room
        self._lock = threading.Lock()
        self._used: int | None = None  # bytes; counted when it is first needed
        self._refused: set[str] = set()

    def of(self, picture: Path, version: str) -> Path:
        """Return where the thumbnail of a picture lies; `version` tells that the picture has changed.

        A picture that cannot be read has a sign for one. Where nothing can be written, the picture itself is
        returned.
        """
        name = hashlib.sha256(f"{picture}\0{version}".encode(errors="surrogateescape")).hexdigest()[:40]
        place = self.folder / name[:2] / f"{name}.jpg"
        if place.is_file():
            return place
        if name not in self._refused:
            try:
                small = read_image(picture)
            except InvalidRequest:
                self._refused.add(name)
            else:
                small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
                return self._kept(place, small) or picture
        sign = self.folder / UNREADABLE
        return sign if sign.is_file() else self._kept(sign, _sign()) or picture

    def _kept(self, place: Path, small: Image.Image) -> Path | None:
        packed = BytesIO()
        small.save(packed, format="JPEG", quality=QUALITY)
        with self._lock:
            try:
                write_whole(place, lambda file: file.write(packed.getvalue()))
            except InvalidRequest:  # no room, no permission
                return None
            self._used = self._count() if self._used is None else self._used + len(packed.getvalue())
            if self._used > self._room:
                self._used = self._make_room()
        return place

    def _count(self) -> int:
        return sum(size for _, size, _ in self._there())

    def _there(self) -> list[tuple[int, int, Path]]:
        """Return (time of change, bytes, path) of what is kept."""
        found = list[tuple[int, int, Path]]()
        for path in self.folder.glob("*/*.jpg"):
            with suppress(OSError):  # another program tidied up
                facts = path.stat()
                found.append((facts.st_mtime_ns, facts.st_size, path))
        return found

    def _make_room(self) -> int:
        """Delete the oldest; return the bytes that are left."""
        there = sorted(self._there())
        left = sum(size for _, size, _ in there)
        for _, size, path in there:
            if left <= self._room * KEPT:
                break
            with suppress(OSError):
                path.unlink()
                left -= size
        return left


def _sign() -> Image.Image:
    """A crossed-out frame: there is a file, and no picture in it."""
    image = Image.new("RGB", (SIDE, SIDE), PAPER)
    draw = ImageDraw.Draw(image)
    low, high = SIDE // 4, SIDE * 3 // 4
    draw.rectangle((low, low, high, high), outline=INK, width=6)
    draw.line((low, low, high, high), fill=INK, width=6)
    draw.line((low, high, high, low), fill=INK, width=6)
    return image
