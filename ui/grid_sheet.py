"""The one picture that shows a grid: cells with a heading for each column and row, the prompt below."""

import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from runtime.image_files import save_png
from runtime.image_limits import MAX_PIXELS
from runtime.infotext import settings_line
from runtime.infotext_reader import parameters_of, read_infotext
from ui.grid import Axis, Cell, Grid

PAPER, INK, FAINT = (255, 255, 255), (20, 20, 20), (110, 110, 110)
SMALLEST_TEXT, LARGEST_TEXT = 12, 28  # pixels; between them a 14th of a cell's side
LINE = 1.3  # of the text's size
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Text = Sequence[tuple[str, tuple[int, int, int]]]  # lines and their colours


class GridSheet:
    """Takes the pictures as they are finished; `image` is the sheet."""

    def __init__(self, grid: Grid, sizes: Sequence[tuple[int, int]], prompt: str) -> None:
        """Lay out the sheet for cells of these sizes, made smaller where the sheet would be too large."""
        columns = len(grid.columns.labels)
        rows = len(grid.rows.labels) if grid.rows is not None else 1
        width, height = (max(size[axis] for size in sizes) for axis in (0, 1))
        self._scale = min(1.0, math.sqrt(0.8 * MAX_PIXELS / (width * height * columns * rows)))
        self._cell = (max(1, round(width * self._scale)), max(1, round(height * self._scale)))
        text = max(SMALLEST_TEXT, min(LARGEST_TEXT, min(self._cell) // 14))
        self._font = ImageFont.load_default(text)
        self._line = math.ceil(text * LINE)
        self._gap = max(4, text // 2)
        tops = _headings(grid.columns, self._font, self._cell[0] - self._gap)
        sides = [self._cut(heading) for heading in self._side_headings(grid.rows, text)]
        self._left = self._gap + (max(map(self._width, sides)) + self._gap if sides else 0)
        self._top = self._gap + max(map(len, tops)) * self._line + self._gap
        right, bottom = self._corner(rows, columns)
        caption = [(line, FAINT) for line in wrap(prompt, self._font, right - 2 * self._gap)]
        below = len(caption) * self._line + self._gap if caption else 0
        self.image = Image.new("RGB", (right, bottom + below), PAPER)
        for column, heading in enumerate(tops):
            self._write(heading, self._corner(0, column)[0], self._gap)
        for row, heading in enumerate(sides):
            middle = self._corner(row, 0)[1] + (self._cell[1] - len(heading) * self._line) // 2
            self._write(heading, self._gap, middle)
        self._write(caption, self._gap, bottom)

    def place(self, cell: Cell, picture: Image.Image) -> None:
        """Put a picture in the middle of its cell."""
        if self._scale < 1:
            size = tuple(
                max(1, min(side, round(own * self._scale)))
                for side, own in zip(self._cell, picture.size, strict=True)
            )
            picture = picture.resize((size[0], size[1]), Image.Resampling.LANCZOS)
        left, top = self._corner(cell.row, cell.column)
        spare = [(side - own) // 2 for side, own in zip(self._cell, picture.size, strict=True)]
        self.image.paste(picture, (left + spare[0], top + spare[1]))

    def _corner(self, row: int, column: int) -> tuple[int, int]:
        return (
            self._left + column * (self._cell[0] + self._gap),
            self._top + row * (self._cell[1] + self._gap),
        )

    def _side_headings(self, rows: Axis | None, text: int) -> list[Text]:
        return _headings(rows, self._font, max(self._cell[0] * 2 // 3, 5 * text)) if rows else []

    def _cut(self, heading: Text) -> Text:
        """Shorten what is higher than its cell."""
        room = max(2, self._cell[1] // self._line)
        if len(heading) <= room:
            return heading
        last, colour = heading[room - 1]
        return [*heading[: room - 1], (f"{last[:-1]}…", colour)]

    def _width(self, text: Text) -> int:
        return max(math.ceil(self._font.getlength(line)) for line, _ in text)

    def _write(self, text: Text, x: int, y: int) -> None:
        draw = ImageDraw.Draw(self.image)
        for number, (line, colour) in enumerate(text):
            draw.text((x, y + number * self._line), line, fill=colour, font=self._font)


def _headings(axis: Axis, font: Font, width: int) -> list[Text]:
    """Return the lines over each column or beside each row: the axis' name, then the value."""
    return [
        [(axis.name, FAINT), *((line, INK) for line in wrap(label, font, width))] for label in axis.labels
    ]


def wrap(text: str, font: Font, width: int) -> list[str]:
    """Return lines of at most `width` pixels, broken between words, and within one that is too long."""
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
            continue
        lines.append("")
        for character in word:
            if lines[-1] and font.getlength(lines[-1] + character) > width:
                lines.append("")
            lines[-1] += character
    return lines


def save_sheet(grid: Grid, paths: Sequence[Path | None], place: Path) -> None:
    """Write the sheet of pictures that lie at `paths`, a path a cell.

    Its `parameters` text is that of the first picture, and the axes as A1111 writes them.
    """
    image, text = make_sheet(grid, paths)
    save_png(image, place, text)


def make_sheet(
    grid: Grid, paths: Sequence[Path | None], *, with_prompts: bool = True
) -> tuple[Image.Image, str]:
    """Return the sheet and its text; a cell without a path stays empty, but one at least has a picture.

    `with_prompts` False leaves prompts out of the text.
    """
    present = [path for path in paths if path is not None]
    sizes = []
    for path in present:
        with Image.open(path) as picture:
            sizes.append(picture.size)
    parameters = parameters_of(present[0]) or ""
    prompt = "" if any(axis.name == "prompt" for axis in grid.axes) else read_infotext(parameters).prompt
    sheet = GridSheet(grid, sizes, prompt)
    for cell, place in zip(grid.cells, paths, strict=True):
        if place is not None:
            with Image.open(place) as picture:
                sheet.place(cell, picture)
    axes: dict[str, object] = {}
    for letter, axis in zip("XY", grid.axes, strict=False):
        axes[f"{letter} Type"] = axis.name
        if with_prompts or axis.name != "prompt":
            axes[f"{letter} Values"] = ", ".join(axis.labels)
    return sheet.image, f"{parameters}, {settings_line(axes)}" if parameters else settings_line(axes)
