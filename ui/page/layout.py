"""The three areas of a picture tab: what is asked, the result beside it, the settings below."""

from dataclasses import dataclass
from typing import Any

import gradio as gr


@dataclass(frozen=True, kw_only=True)
class Areas:
    """Columns to draw into (`with areas.ask:`); on a narrow page they follow as ask, result, settings."""

    ask: Any  # prompts, picture, buttons
    settings: Any
    result: Any


def draw_areas(tab: str) -> Areas:
    """Draw the areas of a tab; the style sheet lays them out by their elem_id."""
    with gr.Row(elem_id=f"{tab}-areas"):
        with gr.Column(elem_id=f"{tab}-ask", min_width=280) as ask:
            pass
        with gr.Column(elem_id=f"{tab}-settings", min_width=280) as settings:
            pass
        with gr.Column(elem_id=f"{tab}-result", min_width=280) as result:
            pass
    return Areas(ask=ask, settings=settings, result=result)
