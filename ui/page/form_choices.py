"""What the drop-downs of a form offer for a model."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runtime.errors import LapdrawError
from runtime.few_steps import ALL_DEFAULTS
from runtime.schedulers.choice import choose_sampler
from runtime.schedulers.tables import SAMPLERS, find_sampler

if TYPE_CHECKING:
    from ui.page.page import Page

OWN = "own"  # stands for None: what the model's own configuration says
MODEL_SCHEDULE = "Automatic"  # by this name the runtime knows it


def sampler_choices(page: "Page", model: str) -> list[tuple[str, str]]:
    """Return labels and values, the model's own first."""
    own = _own_sampler(page, model)
    first = page.say("form.sampler_own", name=own) if own else page.say("form.sampler_own_unknown")
    return [(first, OWN), *((kind.name, kind.name) for kind in SAMPLERS)]


def own_amounts(page: "Page", model: str, given: Mapping[str, int | float]) -> Mapping[str, int | float]:
    """Return steps and guidance as a model wants them; what somebody chose, and is no model's own, stays."""
    if any(all(getattr(row, name) == value for name, value in given.items()) for row in ALL_DEFAULTS):
        wanted = page.shelf.defaults(model)
        return {name: getattr(wanted, name) for name in given}
    return given


def schedule_choices(page: "Page", model: str, sampler: str | None) -> list[tuple[str, str]]:
    """Return labels and values of the schedules that a sampler has, the model's own first."""
    name = _own_sampler(page, model) if sampler in (None, OWN) else sampler
    known = find_sampler(name)[0].schedules if name else ()
    rest = [(schedule, schedule) for schedule in known if schedule != MODEL_SCHEDULE]
    return [(page.say("form.schedule_own"), OWN), *rest]


def _own_sampler(page: "Page", model: str) -> str | None:
    found = page.shelf.find(model)
    if found is None:
        return None
    try:
        return choose_sampler(None, None, found.folder.sampler_config).sampler
    except LapdrawError:  # a model whose own sampler is not supported: the request will say so
        return None
