"""What a first start shows where the picture will be: three prompts to click, and what the model is."""

from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

if TYPE_CHECKING:
    from ui.page.page import Page

# What the bundled model understands, in its own words.
EXAMPLES = (
    "a red house under a night sky",
    "a blue castle in the mountains at sunset",
    "a white sailing boat on the sea under a clear blue sky",
)


class Welcome:
    """Shown until a first picture is asked for; `draw` puts it where it is called."""

    def __init__(self, page: "Page", tab: str) -> None:
        self.page = page
        self.tab = tab

    def draw(self) -> None:
        """Draw it."""
        say, tab = self.page.say, self.tab
        with gr.Column(visible=self._is_first_start(), elem_id=f"{tab}-welcome") as self.box:
            gr.HTML(
                f'<h2 class="ld-heading">{escape(say("text_to_image.welcome"))}</h2>'
                f"<p>{escape(say('text_to_image.welcome_lead'))}</p>"
                f'<h3 class="ld-heading">{escape(say("text_to_image.welcome_examples"))}</h3>',
                elem_id=f"{tab}-welcome-title",
                padding=False,
            )
            self.examples = [
                gr.Button(example, size="md", elem_id=f"{tab}-example-{number}")
                for number, example in enumerate(EXAMPLES, start=1)
            ]
            gr.HTML(
                f'<p class="ld-hint">{escape(say("text_to_image.welcome_model"))}</p>',
                elem_id=f"{tab}-welcome-hint",
                padding=False,
            )

    def connect(self, prompt: Any, generate: Any) -> None:
        """Let the examples fill the prompt, and the first picture that is asked for take the welcome away."""
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
        for button, example in zip(self.examples, EXAMPLES, strict=True):
            button.click(lambda example=example: example, None, prompt, **quiet)
        generate.click(lambda: gr.Column(visible=False), None, self.box, **quiet)
        self.page.demo.load(lambda: gr.Column(visible=self._is_first_start()), None, self.box, **quiet)

    def _is_first_start(self) -> bool:
        """Whether nothing was ever asked for or made here."""
        has_pictures = any(self.page.outputs.iterdir()) if self.page.outputs.is_dir() else False
        return not has_pictures and not self.page.engine.jobs(limit=1)
