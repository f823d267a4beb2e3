"""What goes with a folder or a file: another VAE, and what a file's UNet predicts."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.checkpoint import PREDICTION_TYPES
from runtime.errors import InvalidRequest
from ui.checkpoint_files import checkpoint_of, find_checkpoints, usual_places
from ui.page.amounts import size_words
from ui.page.long_job import QUIET

if TYPE_CHECKING:
    from ui.page.page import Page

TAB = "optimize"
OWN = ""  # the VAE that the model has; what the file says of its prediction


class MoreFields:
    """A part of the form that is closed at first; VAEs are looked for when it is opened."""

    def __init__(self, page: "Page") -> None:
        self.page = page

    def draw(self) -> None:
        """Draw the fields."""
        say = self.page.say
        with gr.Accordion(say("origins.more"), open=False, elem_id=f"{TAB}-more") as self.box:
            self.vae = gr.Dropdown(
                choices=[(say("origins.vae_own"), OWN)],
                value=OWN,
                label=say("origins.vae"),
                elem_id=f"{TAB}-vae",
            )
            self.vae_path = gr.Textbox(
                label=say("origins.vae_path"),
                info=say("origins.vae_path_info"),
                visible=self.page.may_name_folders,
                max_lines=1,
                elem_id=f"{TAB}-vae-path",
            )
            self.prediction = gr.Radio(
                choices=[
                    (say("origins.prediction.file"), OWN),
                    *((say(f"origins.prediction.{name}"), name) for name in PREDICTION_TYPES),
                ],
                value=OWN,
                label=say("origins.prediction"),
                info=say("origins.prediction_info"),
                visible=False,
                elem_id=f"{TAB}-prediction",
            )

    @property
    def inputs(self) -> list[Any]:
        """What the values are taken of."""
        return [self.vae, self.vae_path, self.prediction]

    @property
    def changes(self) -> list[Any]:
        """The events after which another VAE is chosen."""
        return [self.vae.input, self.vae_path.blur, self.vae_path.submit, self.prediction.input]

    def connect(self) -> None:
        """Look for VAEs when the part is opened."""
        self.box.expand(self._find, self.vae, self.vae, **QUIET)

    def chosen_vae(self, key: str | None, path: str | None) -> Path | None:
        """Return the VAE that takes the place of the model's own; raises InvalidRequest for one not there."""
        named = (path or "").strip()
        if self.page.may_name_folders and named:
            place = Path(named).expanduser()
            if not place.exists():
                raise InvalidRequest(f"there is no VAE {place}: choose a .safetensors file or a folder")
            return place.resolve()
        return checkpoint_of(key, is_vae=True).path.resolve() if key else None

    def _find(self, key: str | None) -> Any:
        found = [row for row in find_checkpoints(usual_places()) if row.is_vae]
        choices = [(self.page.say("origins.vae_own"), OWN)]
        choices += [(f"{row.name} ({size_words(row.bytes)})", row.key) for row in found]
        return gr.update(choices=choices, value=key if key in [value for _, value in choices] else OWN)
