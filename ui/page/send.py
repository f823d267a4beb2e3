"""Sending a picture with its settings to another tab: a row of buttons wherever there are pictures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

if TYPE_CHECKING:
    from ui.page.page import Page


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A picture and what made it, as far as that is known."""

    picture: Path | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)  # of a request; prompt, seed, ...
    model: str | None = None  # its name


Updates = Mapping[Any, Any]  # component -> gr.update(...)
Receive = Callable[[Sent], Updates]
Read = Callable[..., Sent | None]  # values of a sender's inputs -> what is sent, None when there is nothing


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """A tab that takes what others send."""

    tab: str
    components: Sequence[Any]
    receive: Receive


class Sender:
    """The buttons of one place that sends; they are connected when every tab is drawn."""

    def __init__(
        self, page: "Page", place: str, inputs: Sequence[Any], read: Read, targets: Sequence[str]
    ) -> None:
        self.page = page
        self.inputs = list(inputs)
        self.read = read
        with gr.Row(elem_id=f"{place}-send"):
            self.buttons = {
                target: gr.Button(
                    page.say(f"common.tab.{target}"),
                    size="sm",
                    min_width=110,
                    elem_id=f"{place}-send-{target}",
                )
                for target in targets
            }

    def connect(self) -> None:
        """Bind the buttons: one event for all, whose handler changes the form of the tab and selects it."""
        receivers = self.page.receivers
        by_id = {button._id: receivers[tab] for tab, button in self.buttons.items() if tab in receivers}
        for tab, button in self.buttons.items():
            button.visible = tab in receivers
        outputs = dict.fromkeys(component for receiver in by_id.values() for component in receiver.components)

        def send(event: gr.EventData, *values: Any) -> dict[Any, Any]:
            sent = self.read(*values)
            if sent is None:
                gr.Warning(self.page.say("common.send_nothing"))
                return {self.page.tabs: gr.skip()}
            receiver = by_id[event.target._id]
            return {self.page.tabs: gr.Tabs(selected=receiver.tab), **receiver.receive(sent)}

        gr.on(
            [button.click for tab, button in self.buttons.items() if tab in receivers],
            send,
            self.inputs,
            [self.page.tabs, *outputs],
            show_progress="hidden",
            api_visibility="private",
            queue=False,
        )


def add_sender(page: "Page", place: str, inputs: Sequence[Any], read: Read) -> Sender:
    """Draw the buttons here; `place` begins their elem_id, as in "text-to-image". No tab sends to itself.

    `read(*values of inputs)` returns what is sent.
    """
    from ui.page.tabs import TABS

    targets = [tab.id for tab in TABS if tab.receives and tab.id != place]
    sender = Sender(page, place, inputs, read, targets)
    page.when_complete(sender.connect)
    return sender
