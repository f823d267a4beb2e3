"""A model to optimize that is one .safetensors file: found in another program's folder, or named."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.checkpoint import open_checkpoint
from runtime.errors import InvalidRequest
from ui.checkpoint_files import checkpoint_of, describe, find_checkpoints, usual_places
from ui.jobs.command_plan import FILE
from ui.optimize_forecast import checkpoint_needs
from ui.page.amounts import bare_html, size_words
from ui.page.origin import Chosen
from ui.page.origin_folder import unusable_html

if TYPE_CHECKING:
    from ui.page.page import Page

TAB = "optimize"
MOST_FILES = 300  # whose headers are read for the list


class FileOrigin:
    """Its fields, drawn where `draw` is called; files are looked for when `refresh` is."""

    def __init__(self, page: "Page") -> None:
        self.page = page

    def draw(self) -> None:
        """Draw the fields, without files yet."""
        say = self.page.say
        with gr.Row(elem_id=f"{TAB}-file-row", elem_classes="ld-end"):
            self.file = gr.Dropdown(
                choices=[],
                value=None,
                label=say("origins.file"),
                info=say("origins.file_info"),
                scale=4,
                min_width=200,
                elem_id=f"{TAB}-file",
            )
            self.again = gr.Button(
                say("optimize.refresh"), scale=1, min_width=90, elem_id=f"{TAB}-file-refresh"
            )
        self.path = gr.Textbox(
            label=say("origins.file_path"),
            info=say("origins.file_path_info"),
            visible=self.page.may_name_folders,
            max_lines=1,
            elem_id=f"{TAB}-file-path",
        )
        self.unusable = bare_html("", f"{TAB}-file-unusable")

    @property
    def inputs(self) -> list[Any]:
        """What `choose` takes the values of."""
        return [self.file, self.path]

    @property
    def changes(self) -> list[Any]:
        """The events after which another model is chosen."""
        return [self.file.input, self.path.blur, self.path.submit]

    def refresh(self, key: str | None) -> list[Any]:
        """Look for files; return the updates of the list and of what cannot be used."""
        found = [row for row in find_checkpoints(usual_places()) if not row.is_vae][:MOST_FILES]
        choices, unusable = [], []
        for row in found:
            kind, error = describe(row)
            if error:
                unusable.append((row.name, error.replace(str(row.path), row.path.name)))
                continue
            size = size_words(row.bytes)
            label = self.page.say("origins.found_file", name=row.name, kind=kind, size=size)
            choices.append((label, row.key))
        keys = [value for _, value in choices]
        chosen = key if key in keys else next(iter(keys), None)
        info = self.page.say("origins.file_info" if keys else "origins.file_none")
        return [
            gr.update(choices=choices, value=chosen, info=info),
            unusable_html(self.page, unusable),
        ]

    def choose(self, key: str | None, path: str | None, prediction: str | None, vae: Path | None) -> Chosen:
        """Return what is chosen, a path only by whoever may name one; raises LapdrawError."""
        named = (path or "").strip()
        if self.page.may_name_folders and named:
            place = Path(named).expanduser()
        elif key:
            place = checkpoint_of(key).path
        else:
            raise InvalidRequest(self.page.say("origins.no_file"))
        checkpoint = open_checkpoint(place)
        if vae is None and "vae" not in checkpoint.parts:
            raise InvalidRequest(self.page.say("origins.no_vae", name=place.name))
        body: dict[str, Any] = {"origin": FILE, "source": str(place.resolve())}
        if vae is not None:
            body["vae"] = str(vae)
        if prediction:
            body["prediction_type"] = prediction
        return Chosen(
            name=place.stem, body=body, needs=lambda asked: checkpoint_needs(checkpoint, asked, vae)
        )
