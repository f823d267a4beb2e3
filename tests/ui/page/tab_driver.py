"""One tab on a page without a server: its controls are set by their elem_id, and its events called."""

import asyncio
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import gradio as gr

from runtime.request import Request
from ui.jobs import JobSpec
from ui.jobs.picture_plan import make_plan
from ui.page.page import Page
from ui.page.send import Sent


class TabDriver:
    """Draws the tab of a module; `set` and `press` take elem_ids without the tab's own part."""

    def __init__(self, page: Page, module: str) -> None:
        import_module(f"ui.page.tabs.{module}").build(page)
        self.page = page
        self.tab = module.replace("_", "-")
        self._held: dict[int, Any] = {}  # component -> its value in the browser, where it is not the first

    def set(self, values: Mapping[str, Any]) -> None:
        """Give controls other values, as a person does."""
        self._held |= {self._find(name)._id: value for name, value in values.items()}

    def press(self, name: str, trigger: str = "click") -> Any:
        """Call the first handler of an event; of one that yields, return what it yields first."""
        target = self._find(name)
        event, *_ = [
            event
            for event in self.page.demo.fns.values()
            if event.fn is not None and (target._id, trigger) in event.targets[:1]
        ]
        values = [self.value(component) for component in event.inputs]
        answer = (
            event.fn(gr.Request(session_hash="session"), *values) if _streams(event) else event.fn(*values)
        )
        return asyncio.run(_first(answer)) if _streams(event) else answer

    def ask(self, button: str = "generate") -> tuple[JobSpec, Mapping[str, Any]]:
        """Press a button that starts a job; return what was submitted."""
        before = len(self.page.engine.jobs())
        answer = self.press(button)
        assert len(self.page.engine.jobs()) == before + 1, [
            v for v in answer.values() if "ld-error" in str(v)
        ]
        job = self.page.engine.jobs()[0]
        return job.spec, self.page.engine.pictures[job.id]  # type: ignore[attr-defined]

    def request(self, button: str = "generate") -> Request:
        """Press a button; return the request that comes of the job, as the worker makes it."""
        spec, pictures = self.ask(button)
        (unit, *_) = make_plan(spec.body, pictures, self.page.data).units
        return unit.request

    def refusal(self, button: str = "generate") -> str:
        """Press a button; return what the panel shows instead of starting a job."""
        before = len(self.page.engine.jobs())
        answer = self.press(button)
        texts = [str(getattr(value, "value", value)) for value in answer.values()]
        shown = [text for text in texts if "ld-error" in text]
        assert len(self.page.engine.jobs()) == before
        assert len(shown) == 1, answer
        return shown[0]

    def upload(self, name: str, path: Path | None) -> dict[str, Any]:
        """Give a picture to a control, and take up what the page answers."""
        self.set({name: None if path is None else str(path)})
        return self.take(self.press(name, "upload"))

    def send(self, sent: Sent) -> dict[str, Any]:
        """Send a picture here from another tab."""
        receiver = self.page.receivers[self.tab]
        updates = receiver.receive(sent)
        assert set(updates) <= set(receiver.components)
        return self.take(updates)

    def take(self, updates: Mapping[Any, Any]) -> dict[str, Any]:
        """Take up what a handler returned; return it by elem_id."""
        found = {}
        for component, update in updates.items():
            is_update = isinstance(update, dict) and "__type__" in update
            if not is_update:
                self._held[component._id] = update
            elif "value" in update:
                self._held[component._id] = update["value"]
            found[(component.elem_id or "").removeprefix(f"{self.tab}-")] = update
        return found

    def value(self, component: Any) -> Any:
        """What a control holds now."""
        return self._held.get(component._id, component.value)

    def _find(self, name: str) -> Any:
        wanted = f"{self.tab}-{name}"
        (found,) = [block for block in self.page.demo.blocks.values() if block.elem_id == wanted]
        return found


def _streams(event: Any) -> bool:
    return "AsyncIterator" in str(event.fn.__annotations__.get("return", ""))


async def _first(answer: Any) -> Any:
    async for item in answer:
        await answer.aclose()
        return item
    raise AssertionError("nothing was yielded")
