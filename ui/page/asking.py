"""From what a form says to a job that can be submitted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ui.jobs import JobSpec

if TYPE_CHECKING:
    from ui.page.form import Answer
    from ui.page.page import Page


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A job to submit, and the pictures that go with it."""

    spec: JobSpec
    pictures: Mapping[str, Any] = field(default_factory=dict)  # "image", "mask", "depth"


MakeSpec = Callable[..., Asked]  # (Answer, *values of extra inputs) -> Asked


def pictures_spec(
    page: "Page",
    task: str,
    answer: "Answer",
    *,
    more: Mapping[str, Any] | None = None,
    pictures: Mapping[str, Any] | None = None,
    grid: Sequence[str] = (),
) -> Asked:
    """Return the job for what a form says; `more` are further fields of the request."""
    settings = page.settings.read()
    fields = {**answer.fields, **(more or {})}
    body = {
        "task": task,
        "model": answer.model,
        "device": answer.device,
        "execution_precision": None,
        "fields": fields,
        "grid": list(grid),
        "metadata": settings.metadata,
        "preview_every": settings.preview_interval,
    }
    spec = JobSpec(kind="pictures", title=str(fields.get("prompt", "")) or answer.model, body=body)
    return Asked(spec=spec, pictures=pictures or {})
