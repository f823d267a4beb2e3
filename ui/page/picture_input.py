"""A picture that a person gives: uploaded, pasted or dropped, and opened by `runtime.image_input` alone.

Gradio's own components open what was uploaded before anything of ours has looked at it, fetch addresses that
a client names, and may copy local files that it names. Those here do none of it: they hand over the path of a
file that lies in Gradio's upload folder, or of one that the page shows anyway.
"""

from abc import ABCMeta
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr
from gradio import utils
from gradio.component_meta import ComponentMeta
from gradio.data_classes import ImageData
from gradio.exceptions import InvalidPathError

from runtime.errors import InvalidRequest
from runtime.image_input import read_depth, read_image, read_mask
from runtime.infotext_reader import parameters_of, read_infotext

Read = TypeVar("Read")


class NoStub(ComponentMeta):
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

    async def async_move_resource_to_block_cache(self, url_or_file_path: str | Path | None) -> str | None:
        """As the other one; nothing is fetched, so there is nothing to wait for."""
        return self.move_resource_to_block_cache(url_or_file_path)


class PictureFile(UploadsOnly, gr.Image, metaclass=NoStub):
    """gr.Image whose value is the path of the file as it was uploaded, unopened."""

    def get_block_name(self) -> str:
        """The control in the browser is gr.Image's."""
        return "image"

    def preprocess(self, payload: ImageData | None) -> str | None:
        """Return the path; addresses of any kind ("data:" too) are left aside."""
        return None if payload is None else payload.path


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


def settings_of(path: str | None) -> dict[str, Any]:
    """Return the fields that the text in a picture names; empty without one."""
    text = parameters_of(Path(path)) if path else None
    return read_infotext(text).fields if text is not None else {}


def note(text: str, *, is_fault: bool = False) -> str:
    """Return the line below a picture as HTML; a fault is announced at once."""
    role, kind = ("alert", "lapdraw-fault") if is_fault else ("status", "lapdraw-note")
    return f'<p role="{role}" class="{kind}">{escape(text)}</p>' if text else ""
