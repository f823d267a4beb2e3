"""How close a model is to PyTorch, and what its int8 cost and gained, in words and as HTML."""

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ui.page.page import Page


def component_words(page: "Page", name: str) -> str:
    """Return the name of a part of a model."""
    key = f"panel.component.{name}"
    return page.say(key) if page.texts.knows(key) else name


def share_words(error: float | None) -> str:
    """Return an error as a share; nothing where there is none."""
    if error is None:
        return ""
    return f"{100 * error:.2g} %" if error >= 1e-5 else "< 0.001 %"


def quantization_html(page: "Page", made: Mapping[str, Any] | None) -> str:
    """Return what a quantization cost and gained, in a sentence; nothing where there was none."""
    if not made:
        return ""
    said = page.say(
        "optimize.quantized",
        error=share_words(made["unet_error"]),
        count=made["pictures"],
        psnr=f"{made['picture_psnr']:.1f}",
        before=f"{made['base_seconds']:.3g} s",
        after=f"{made['seconds']:.3g} s",
        speed=f"{made['base_seconds'] / made['seconds']:.2f}",
        machine=made["machine"],
    )
    return f'<p class="ld-hint">{escape(said)}</p>'
