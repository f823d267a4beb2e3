"""What a form can see to be wrong before a request is made, said in the page's language."""

from typing import TYPE_CHECKING, Any

from runtime.errors import InvalidRequest
from runtime.request import Bounds
from ui.page.prompt_fields import read_chunks

if TYPE_CHECKING:
    from ui.page.page import Page

EXACT = 2**53 - 1  # a browser takes every larger whole number for one of its neighbours
LABELS = {"num_inference_steps": "steps", "guidance_scale": "guidance"}


def label_of(page: "Page", name: str) -> str:
    """Return what the form calls a field of a request."""
    return page.say(f"form.{LABELS.get(name, name)}")


def check_number(page: "Page", label: str, value: Any, bounds: Bounds) -> int | float:
    """Return the number; raises InvalidRequest for none, a fraction of a whole one, or one out of bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidRequest(page.say("form.not_a_number", field=label))
    high = min(bounds.high, EXACT)
    if not bounds.low <= value <= high:
        low, top, got = (f"{number:.16g}" for number in (bounds.low, high, value))
        raise InvalidRequest(page.say("form.out_of_range", field=label, low=low, high=top, value=got))
    if bounds.whole and value != int(value):
        raise InvalidRequest(page.say("form.not_whole", field=label, value=f"{value:.16g}"))
    return int(value) if bounds.whole else float(value)


def check_side(page: "Page", name: str, value: Any, bounds: Bounds, multiple: int = 8) -> int:
    """Return a width or height; raises InvalidRequest for one that no request takes."""
    side = int(check_number(page, label_of(page, name), value, bounds))
    if side % multiple:
        below = side - side % multiple
        raise InvalidRequest(
            page.say(
                "form.not_a_multiple",
                field=label_of(page, name),
                value=side,
                below=max(below, int(bounds.low)),
                above=below + multiple,
            )
        )
    return side


def check_prompt(page: "Page", model: str, name: str, text: str) -> str:
    """Return a prompt; raises InvalidRequest for one that the model cannot read."""
    tokenizer = page.shelf.tokenizer(model)
    if tokenizer is not None:
        try:
            read_chunks(tokenizer, text, name.replace("_", " "))
        except InvalidRequest as fault:
            raise InvalidRequest(page.words(fault)) from fault
    return text
