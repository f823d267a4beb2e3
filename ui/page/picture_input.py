"""A picture that a person gives: uploaded, pasted or dropped, and opened by `runtime.image_input` alone.

Gradio's own components open what was uploaded before anything of ours has looked at it, fetch addresses that
a client names, and may copy local files that it names. Those here do none of it: they hand over the path of a
file that lies in Gradio's upload folder, or of one that the page shows anyway.
"""

import hashlib
from abc import ABCMeta
from collections.abc import Callable, Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import gradio as gr
from gradio import utils
from gradio.component_meta import ComponentMeta
from gradio.data_classes import ImageData
from gradio.exceptions import InvalidPathError
from PIL import Image

from runtime.errors import InvalidRequest
from runtime.image_input import read_depth, read_image, read_mask
from runtime.infotext_reader import parameters_of, read_infotext
from runtime.whole_file import write_whole
from ui.page.amounts import bare_html
from ui.page.picture_details import said_by
from ui.picture_settings import PictureSettings, understand

if TYPE_CHECKING:
    from ui.page.page import Page

Read = TypeVar("Read")
Updates = dict[Any, Any]  # component -> what it becomes
Then = Callable[
    [str | None, tuple[int, int] | None], Updates
]  # path and size of the picture that is there now

HEIGHT = 260  # pixels of the control
NOT_SHOWN = (".tif", ".tiff", ".pgm", ".ppm", ".pbm", ".pnm")  # what browsers cannot show
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}


class NoStub(ComponentMeta):  # type: ignore[misc]  # Gradio is untyped
    """Gradio's metaclass, less the .pyi file that it writes beside the module of a component."""

    def __new__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> type:
        """Make the class alone; the events are those of its base."""
        return ABCMeta.__new__(cls, name, bases, attrs)


class UploadsOnly:
    """A component that takes no file but an uploaded one, or one that the page shows (a static file)."""

    GRADIO_CACHE: str
    temp_files: set[str]

    def move_resource_to_block_cache(self, url_or_file_path: str | Path | None) -> str | None:
        """Return the path; raises InvalidPathError for an address, and for a file elsewhere."""
        if url_or_file_path is None:
            return None
        path = str(utils.abspath(url_or_file_path))
        if not utils.is_in_or_equal(path, self.GRADIO_CACHE):
            raise InvalidPathError(f"{url_or_file_path} was not uploaded: choose the file again")
        self.temp_files.add(path)
        return path

    def store(self, picture: Image.Image) -> str:
        """Return the path of a picture of ours among the uploads, by its content.

        Gradio writes over a file that is there already, while a browser may be reading it.
        """
        data = BytesIO()
        picture.save(data, "PNG", compress_level=1)
        path = Path(self.GRADIO_CACHE) / hashlib.sha256(data.getbuffer()).hexdigest() / "picture.png"
        if not path.exists():
            write_whole(path, lambda file: file.write(data.getbuffer()))
        return str(path)

    async def async_move_resource_to_block_cache(self, url_or_file_path: str | Path | None) -> str | None:
        """As the other one; nothing is fetched, so there is nothing to wait for."""
        return self.move_resource_to_block_cache(url_or_file_path)


class PictureFile(UploadsOnly, gr.Image, metaclass=NoStub):  # type: ignore[misc]
    """gr.Image whose value is the path of the file as it was uploaded, unopened."""

    def get_block_name(self) -> str:
        """The control in the browser is gr.Image's."""
        return "image"

    def preprocess(self, payload: ImageData | None) -> str | None:
        """Return the path; addresses of any kind ("data:" too) are left aside."""
        return None if payload is None else payload.path

    def postprocess(self, value: Any) -> Any:
        """Show a picture of ours, or a file."""
        return super().postprocess(self.store(value) if isinstance(value, Image.Image) else value)


def read_upload(path: str, read: Callable[[Path], Read]) -> Read:
    """Return what `read` makes of an uploaded file.

    Raises InvalidRequest, which calls the file by the name it had: the folder means nothing to a person.
    """
    try:
        return read(Path(path))
    except InvalidRequest as fault:
        raise InvalidRequest(str(fault).replace(str(Path(path)), Path(path).name)) from fault


def size_of(path: str, field: str = "image") -> tuple[int, int]:
    """Return width and height of an uploaded file, read as that field of a request; raises InvalidRequest."""
    if field == "depth":
        height, width = read_upload(path, read_depth).shape
        return width, height
    return read_upload(path, read_mask if field == "mask" else read_image).size


def note(text: str, *, is_fault: bool = False) -> str:
    """Return a line below a picture as HTML; a fault is announced at once."""
    role, kind = ("alert", "ld-fault") if is_fault else ("status", "ld-note")
    return f'<p class="{kind}" role="{role}">{escape(text)}</p>' if text else ""


class PictureInput:
    """A control for one picture, the line below it, and the button to use the settings that it carries.

    `field` is the one of the request that it fills: "image", "mask" or "depth". `then` says what else changes
    with the picture, among `outputs`.
    """

    def __init__(
        self,
        page: "Page",
        tab: str,
        *,
        label: str,
        name: str = "picture",
        field: str = "image",
        has_settings: bool = True,
    ) -> None:
        self.page = page
        self.field = field
        self.then: Then | None = None
        self.file = PictureFile(
            type="filepath",
            sources=["upload", "clipboard"],
            format="png",
            label=label,
            height=HEIGHT,
            buttons=[],
            placeholder=page.say("picture_input.drop"),
            elem_id=f"{tab}-{name}",
        )
        self.note = bare_html("", f"{tab}-{name}-note")
        self.size = gr.State(None)  # width and height in pixels of a picture that is there, else None
        self._taken: list[Any] = []  # the events that took a picture
        self.use: Any = None
        if has_settings:
            self.use = gr.Button(
                page.say("picture_input.use_settings"),
                size="sm",
                visible=False,
                elem_id=f"{tab}-{name}-use-settings",
            )

    @property
    def outputs(self) -> list[Any]:
        """What `take` may change."""
        return [part for part in (self.file, self.note, self.size, self.use) if part is not None]

    def connect(self, then: Then | None = None, outputs: Sequence[Any] = ()) -> None:
        """Look at each picture as soon as it is there."""
        self.then = then
        self._taken = [
            event(self.take, self.file, [*self.outputs, *outputs], **QUIET)
            for event in (self.file.upload, self.file.clear)
        ]

    def connect_size(self, say: Callable[..., str], inputs: Sequence[Any], output: Any) -> None:
        """Show `say(size, *values of inputs)` whenever the picture or an input changes; after `connect`."""
        shown: dict[str, Any] = {"fn": say, "inputs": [self.size, *inputs], "outputs": output, **QUIET}
        for taken in self._taken:
            taken.then(**shown)
        gr.on([part.change for part in (self.file, *inputs)], **shown)  # the file too: others may send one

    def connect_settings(self, outputs: Sequence[Any], receive: Callable[[PictureSettings], Updates]) -> None:
        """Have the button put what the picture says into the form."""
        self.use.click(lambda path: receive(self.settings(path)), self.file, list(outputs), **QUIET)

    def take(self, path: str | None) -> Updates:
        """Return the updates for a picture that has come or gone; one that cannot be read is not kept."""
        size, fault = None, ""
        if path is not None:
            try:
                size = size_of(path, self.field)
            except InvalidRequest as error:
                path, fault = None, str(error)
        updates: Updates = {
            self.size: size,
            self.note: note(fault or self._words(path, size), is_fault=bool(fault)),
        }
        if fault:
            updates[self.file] = None
        elif path is not None and self.field != "depth" and Path(path).suffix.lower() in NOT_SHOWN:
            updates[self.file] = read_upload(path, read_mask if self.field == "mask" else read_image)
        if self.use is not None:
            updates[self.use] = gr.update(visible=path is not None and _carries(path))
        return updates | (self.then(path, size) if self.then is not None else {})

    def receive(self, picture: Path | None) -> Updates:
        """Return the updates that put a picture of ours here; without one, what is there stays."""
        if picture is None:
            return {}
        return {self.file: str(picture), **self.take(str(picture))}

    def required(self, path: str | None) -> tuple[Path, tuple[int, int]]:
        """Return the picture and its size; raises InvalidRequest without one that can be read."""
        if path is None:
            raise InvalidRequest(self.page.say("picture_input.missing"))
        return Path(path), size_of(path, self.field)

    def settings(self, path: str | None) -> PictureSettings:
        """Return what the picture says of itself, as far as it can be used here."""
        said = said_by(self.page, Path(path)).settings if path else None
        return said or understand(read_infotext(""), ())

    def _words(self, path: str | None, size: tuple[int, int] | None) -> str:
        if path is None or size is None:
            return ""
        has_settings = self.use is not None and _carries(path)
        key = "has_settings" if has_settings else "accepted"
        return self.page.say(f"picture_input.{key}", width=size[0], height=size[1])


def _carries(path: str) -> bool:
    return parameters_of(Path(path)) is not None
