"""The lower part of the Optimize tab: installed models with Verify and Delete, and the compiled ones."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.errors import LapdrawError
from ui.fetched_sources import FetchedSource, remove_with_source, sources_of
from ui.model_store import (
    ModelRow,
    compiled_cache,
    listed_model,
    model_rows,
    remove_model,
    verify_model,
)
from ui.page.amounts import bare_html, note_html, section_html, size_words, table_html
from ui.page.following import UNFINISHED
from ui.page.long_job import QUIET
from ui.page.model_details import ModelDetails

if TYPE_CHECKING:
    from ui.jobs import JobEngine
    from ui.page.page import Page

TAB = "optimize"
COLUMNS = ("name", "size", "tasks", "precision", "pixels", "origin")


class InstalledModels:
    """Draws the list and what can be done with it."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.details = ModelDetails(page, TAB)

    def draw(self) -> None:
        """Draw everything and bind it."""
        say = self.page.say
        rows = self._rows()
        bare_html(section_html(say("optimize.installed")))
        self.table = bare_html(self._table(rows), f"{TAB}-models")
        with gr.Row(elem_id=f"{TAB}-model-row", elem_classes="ld-end"):
            self.model = gr.Dropdown(
                choices=[row.name for row in rows],
                value=rows[0].name if rows else None,
                label=say("optimize.model"),
                scale=3,
                min_width=200,
                elem_id=f"{TAB}-model",
            )
            self.verify = gr.Button(say("optimize.verify"), scale=1, min_width=120, elem_id=f"{TAB}-verify")
            self.delete = gr.Button(say("optimize.delete"), scale=1, min_width=120, elem_id=f"{TAB}-delete")
        self.doomed = gr.State("")
        with gr.Column(visible=False, elem_id=f"{TAB}-delete-ask") as self.ask:
            self.question = bare_html("")
            self.with_source = gr.Checkbox(
                label=say("optimize.delete_source", size=""), visible=False, elem_id=f"{TAB}-delete-source"
            )
            with gr.Row(elem_id=f"{TAB}-delete-row"):
                self.yes = gr.Button(
                    say("optimize.delete"), variant="stop", min_width=120, elem_id=f"{TAB}-delete-yes"
                )
                self.no = gr.Button(say("optimize.delete_no"), min_width=120, elem_id=f"{TAB}-delete-no")
        self.said = bare_html("", f"{TAB}-models-said")
        self.details.draw(rows[0].name if rows else None)
        bare_html(section_html(say("optimize.cache"), say("optimize.cache_info")))
        with gr.Row(elem_id=f"{TAB}-cache-row", elem_classes="ld-end"):
            self.cache = bare_html(self._cache(), f"{TAB}-cache")
            self.clear = gr.Button(
                say("optimize.cache_clear"), scale=0, min_width=240, elem_id=f"{TAB}-cache-clear"
            )
        self.cache_said = bare_html("", f"{TAB}-cache-said")
        self._connect()

    @property
    def outputs(self) -> list[Any]:
        """What `refresh` changes."""
        return [self.table, self.model, self.cache, *self.details.outputs]

    def refresh(self, chosen: str | None) -> list[Any]:
        """Return the updates that show what is there now; `chosen` stays chosen while it is there."""
        rows = self._rows()
        names = [row.name for row in rows]
        value = chosen if chosen in names else next(iter(names), None)
        choice = gr.update(choices=names, value=value)
        return [self._table(rows), choice, self._cache(), *self.details.show(value)]

    def refresh_on_load(self, chosen: str | None) -> list[Any]:
        """Return what `refresh` does, less the choice and its details where they are as they were drawn.

        Loading ends late on a slow machine: a person may have chosen another model meanwhile.
        """
        table, choice, cache, *details = self.refresh(chosen)
        if choice["value"] == chosen and self.details.is_as_drawn(chosen):
            del choice["value"]
            details = [gr.skip() for _ in details]
        return [table, choice, cache, *details]

    def _connect(self) -> None:
        asking = [self.doomed, self.ask, self.question, self.yes, self.said, self.with_source]
        self.verify.click(self._verify, self.model, self.said, **QUIET)
        self.delete.click(self._ask, self.model, asking, queue=False, **QUIET)
        self.no.click(self._keep, None, [self.doomed, self.ask], queue=False, **QUIET)
        chosen = [self.doomed, self.with_source]
        removed = self.yes.click(self._remove, chosen, [self.doomed, self.ask, self.said], **QUIET)
        removed.then(self.refresh, self.model, self.outputs, **QUIET)
        self.page.refresh_models_after(removed)
        self.details.connect(self.model)
        cleared = self.clear.click(self._clear, None, self.cache_said, **QUIET)
        cleared.then(self.refresh, self.model, self.outputs, **QUIET)
        self.page.demo.load(self.refresh_on_load, self.model, self.outputs, **QUIET)

    # Handlers

    def _verify(self, name: str | None) -> Iterator[str]:
        say = self.page.say
        if not name:
            return
        yield note_html(say("optimize.verifying", name=name))
        try:
            folder = listed_model(name, self.page.data).open()
            verify_model(folder)
        except LapdrawError as error:
            yield note_html(self.page.words(error), "bad")
            return
        yield note_html(
            say("optimize.verified" if folder.manifest else "optimize.not_verified", name=name), "good"
        )

    def _ask(self, name: str | None) -> list[Any]:
        """Name what would go, and wait for a second press."""
        say = self.page.say
        row = next((row for row in self._rows() if row.name == name), None)
        if row is None or row.bundled:
            said = note_html(say("optimize.delete_bundled", name=name), "bad") if row is not None else ""
            return ["", gr.update(visible=False), "", gr.skip(), said, gr.skip()]
        if sys.platform == "win32":  # which deletes no file that is open: the worker lets go of its model
            self.page.engine.release()  # not run here
        question = say("optimize.delete_ask", name=row.name, size=size_words(row.bytes))
        yes = gr.update(value=say("optimize.delete_yes", name=row.name))
        own, kept = self._fetched_for(row.name)
        others = ", ".join(sorted({name for source in kept for name in source.models if name != row.name}))
        if others:
            size = size_words(sum(source.bytes for source in kept))
            question += " " + say("optimize.delete_source_kept", size=size, others=others)
        size = size_words(sum(source.bytes for source in own))
        source = gr.update(value=False, label=say("optimize.delete_source", size=size), visible=bool(own))
        return [row.name, gr.update(visible=True), note_html(question), yes, "", source]

    def _keep(self) -> list[Any]:
        return ["", gr.update(visible=False)]

    def _remove(self, name: str, with_source: bool = False) -> list[Any]:
        say = self.page.say
        if not name:
            return ["", gr.update(visible=False), gr.skip()]
        used = models_in_use(self.page.engine)
        if name in used:
            return ["", gr.update(visible=False), note_html(say("optimize.delete_used", name=name), "bad")]
        try:
            if with_source:
                removed = remove_with_source(name, self.page.data, used | sources_in_use(self.page.engine))
                freed = removed.model_bytes + removed.source_bytes
            else:
                freed = remove_model(name, self.page.data, used)
        except LapdrawError as error:
            return ["", gr.update(visible=False), note_html(self.page.words(error), "bad")]
        said = note_html(say("optimize.deleted", name=name, size=size_words(freed)), "good")
        return ["", gr.update(visible=False), said]

    def _clear(self) -> str:
        freed = compiled_cache(self.page.data).clear()
        return note_html(self.page.say("optimize.cache_cleared", size=size_words(freed)), "good")

    # What is shown

    def _rows(self) -> tuple[ModelRow, ...]:
        try:
            return model_rows(self.page.data)
        except LapdrawError:  # the folder of models cannot be read: there is nothing to list
            return ()

    def _fetched_for(self, name: str) -> tuple[list[FetchedSource], list[FetchedSource]]:
        """Return what was fetched for this model alone, and what other models name too."""
        try:
            found = sources_of(name, self.page.data)
        except LapdrawError:  # the folder of models cannot be read any more
            found = ()
        own = [source for source in found if source.models == (name,)]
        return own, [source for source in found if source not in own]

    def _table(self, rows: tuple[ModelRow, ...]) -> str:
        say = self.page.say
        shown = []
        for row in rows:
            tasks = ", ".join(say(f"optimize.task.{task}") for task in row.tasks)
            shown.append(
                (
                    row.name,
                    size_words(row.bytes),
                    say("optimize.damaged", reason=row.error) if row.error else tasks,
                    row.precision.upper(),
                    f"{row.width}x{row.height}" if row.width else "",
                    say("optimize.bundled" if row.bundled else "optimize.yours"),
                )
            )
        head = [say(f"optimize.column.{name}") for name in COLUMNS]
        return table_html(head, shown, caption=say("optimize.installed"))

    def _cache(self) -> str:
        cache = compiled_cache(self.page.data)
        size, limit = size_words(cache.size_bytes()), size_words(cache.limit_bytes)
        return note_html(self.page.say("optimize.cache_size", size=size, limit=limit))


def models_in_use(engine: "JobEngine") -> set[str]:
    """Return the names of the models that jobs need which are running or waiting."""
    jobs = engine.jobs(limit=1000, states=UNFINISHED)
    return {str(job.spec.body["model"]) for job in jobs if job.spec.body.get("model")}


def sources_in_use(engine: "JobEngine") -> set[str]:
    """Return what jobs that run or wait are making models of: folders, files, repositories."""
    jobs = engine.jobs(limit=1000, states=UNFINISHED)
    return {str(value) for job in jobs if job.spec.kind == "optimize" for value in job.spec.body.values()}
