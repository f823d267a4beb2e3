"""What an optimization will need, as the page shows it before the start."""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.checkpoint import open_checkpoint
from runtime.errors import LapdrawError
from runtime.export_needs import ExportNeeds
from runtime.model_folder import ModelFolder
from runtime.quantization import QUANTIZED
from ui.jobs.command_plan import FILE, FOLDER
from ui.optimize_forecast import Forecast, checkpoint_needs, folder_needs, forecast_of
from ui.page.amounts import note_html, size_words, table_html, time_words

if TYPE_CHECKING:
    from ui.jobs import Job
    from ui.page.page import Page


def needs_html(page: "Page", needs: ExportNeeds, *, group: str, cpu_pytorch: bool) -> str:
    """Return the table of what it will need, and in red what does not fit; `group` is of ui/installed.py."""
    jobs = page.engine.jobs(limit=200, states=("done",))
    earlier = [measured for job in jobs if (measured := _measured(job)) is not None]
    expected = forecast_of(needs, page.data, earlier=earlier[:5], cpu_pytorch=cpu_pytorch, group=group)
    caption = page.say("optimize.needs")
    heading = f'<h3 class="ld-heading">{escape(caption)}</h3>'
    return (
        heading + table_html(("", "", ""), _rows(page, expected), caption=caption) + _faults(page, expected)
    )


def _rows(page: "Page", expected: Forecast) -> list[tuple[str, str, str]]:
    say, needs, free_memory = page.say, expected.needs, expected.memory_free
    known = say("optimize.needs.free", size=size_words(free_memory or 0))
    by = say("optimize.needs.here" if expected.is_measured_here else "optimize.needs.elsewhere")
    rows = [
        (
            say("optimize.needs.disk"),
            size_words(expected.disk_needed),
            say("optimize.needs.free", size=size_words(expected.disk_free)),
        ),
        (say("optimize.needs.kept"), size_words(needs.model_bytes), ""),
        (
            say("optimize.needs.memory"),
            size_words(needs.memory_bytes),
            known if free_memory is not None else say("optimize.needs.unknown"),
        ),
        (say("optimize.needs.time"), time_words(page, expected.seconds), by),
    ]
    if expected.install_bytes:
        size = size_words(expected.install_bytes)
        rows.append((say("optimize.needs.install"), size, say("optimize.needs.pytorch")))
    return rows


def _faults(page: "Page", expected: Forecast) -> str:
    faults = ""
    if expected.lacks_disk:
        needed, free = size_words(expected.disk_needed), size_words(expected.disk_free)
        faults += note_html(page.say("optimize.lacks_disk", needed=needed, free=free), "bad")
    if expected.lacks_memory:
        needed, free = size_words(expected.needs.memory_bytes), size_words(expected.memory_free or 0)
        faults += note_html(page.say("optimize.lacks_memory", needed=needed, free=free), "bad")
    return faults


def _measured(job: "Job") -> tuple[int, float] | None:
    """Return the weights and the seconds of a conversion that was done here, while its source is there."""
    body, seconds = job.spec.body, job.results[-1].get("seconds") if job.results else None
    if job.spec.kind != "optimize" or not isinstance(seconds, float | int):
        return None
    if body.get("precision") in QUANTIZED:  # which takes its own time, whatever the conversion took
        return None
    try:
        source = Path(str(body["source"]))
        if body.get("origin", FOLDER) == FOLDER:
            return folder_needs(ModelFolder(source), "fp16").numbers, float(seconds)
        if body["origin"] == FILE:
            return checkpoint_needs(open_checkpoint(source), "fp16").numbers, float(seconds)
    except LapdrawError:  # it was moved or deleted since
        return None
    return None  # of the Hub: how large it was is not known any more
