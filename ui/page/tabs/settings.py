"""Devices & settings: what there is to compute on, what a person chose, where the data lies, what this is."""

from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.errors import LapdrawError
from runtime.placement import choose_device
from ui.about import bug_report, versions
from ui.data_parts import data_parts, free_bytes, show_in_file_manager
from ui.page.amounts import bare_html, note_html, section_html, size_words, table_html
from ui.page.long_job import QUIET
from ui.page.look import facts_html
from ui.settings import LANGUAGES, METADATA_LEVELS, THEMES

if TYPE_CHECKING:
    from ui.page.page import Page

TAB = "settings"
PREVIEWS_SHOWN = 50  # steps, where the slider ends
RELOAD = "() => { window.location.assign('/'); }"
ASK_FOR_NOTIFICATIONS = (
    "(wanted) => { if (wanted && 'Notification' in window && Notification.permission === 'default') "
    "Notification.requestPermission(); }"
)
COPY = (
    "async (text) => { try { await navigator.clipboard.writeText(text); } catch { "
    "const area = document.querySelector('#settings-report textarea'); area.select(); "
    "document.execCommand('copy'); } }"
)


def build(page: "Page") -> None:
    """Draw the tab."""
    with gr.Row(elem_id=f"{TAB}-columns"):
        with gr.Column(min_width=300, elem_id=f"{TAB}-choices"):
            _draw_settings(page)
        with gr.Column(min_width=300, elem_id=f"{TAB}-facts"):
            _draw_devices(page)
            _draw_data(page)
            _draw_about(page)


# Settings


def _draw_settings(page: "Page") -> None:
    say = page.say
    now = page.settings.read()
    bare_html(section_html(say("settings.settings"), say("settings.saved_at_once")))
    preview = gr.Slider(
        0,
        max(PREVIEWS_SHOWN, now.preview_interval),
        value=now.preview_interval,
        step=1,
        label=say("settings.preview_interval"),
        info=say("settings.preview_interval_info"),
        elem_id=f"{TAB}-preview-interval",
    )
    metadata = _radio(page, "metadata", METADATA_LEVELS, now.metadata)
    language = _radio(page, "language", LANGUAGES, now.language)
    theme = _radio(page, "theme", THEMES, now.theme)
    notify = gr.Checkbox(
        value=now.notify,
        label=say("settings.notify"),
        info=say("settings.notify_info"),
        elem_id=f"{TAB}-notify",
    )
    said = bare_html("", f"{TAB}-said")
    parts = [preview, metadata, language, theme, notify]

    def saver(name: str) -> Callable[[Any], list[Any]]:
        """Return what writes one choice: the others stay as another window may have left them."""

        def save(value: Any) -> list[Any]:
            try:
                page.settings.write(replace(page.settings.read(), **{name: _whole(value)}))
            except LapdrawError as error:
                if name == "language":  # a failed event does not go on to the reload
                    raise gr.Error(str(error), print_exception=False) from error
                return [note_html(page.words(error), "bad"), gr.skip()]
            return [note_html(say("settings.saved"), "good"), facts_html(page)]

        return save

    def read() -> list[Any]:
        kept = page.settings.read()
        return [kept.preview_interval, kept.metadata, kept.language, kept.theme, kept.notify]

    names = ("preview_interval", "metadata", "language", "theme", "notify")
    for name, part in zip(names, parts, strict=True):
        saved = part.input(saver(name), part, [said, page.facts], trigger_mode="always_last", **QUIET)
        if name == "language":
            saved.success(None, None, None, js=RELOAD)
    notify.input(None, notify, None, js=ASK_FOR_NOTIFICATIONS)
    page.demo.load(read, None, parts, **QUIET)


def _whole(value: Any) -> Any:
    """A slider may say 2.0 for 2."""
    return int(value) if isinstance(value, float) and value == int(value) else value


def _radio(page: "Page", name: str, values: tuple[str, ...], chosen: str) -> Any:
    return gr.Radio(
        choices=[(page.say(f"settings.{name}.{value}"), value) for value in values],
        value=chosen,
        label=page.say(f"settings.{name}"),
        info=page.say(f"settings.{name}_info"),
        elem_id=f"{TAB}-{name}",
    )


# Devices


def _draw_devices(page: "Page") -> None:
    say = page.say
    bare_html(section_html(say("settings.devices")))
    table = bare_html(devices_html(page), f"{TAB}-devices")
    refresh = gr.Button(say("settings.refresh"), size="sm", elem_id=f"{TAB}-devices-refresh")
    gr.on([refresh.click, page.tab.select], lambda: devices_html(page), None, table, **QUIET)


def devices_html(page: "Page") -> str:
    """Return the table of devices, what `auto` takes, and what to do about one that is not there."""
    say = page.say
    devices = page.engine.devices()
    rows = []
    for device in devices:
        memory = f"{device.memory_bytes / 2**30:.0f}\N{NO-BREAK SPACE}GiB" if device.memory_bytes else ""
        precisions = ", ".join(device.precisions)
        rows.append((device.id, device.name, device.kind, device.driver, precisions, memory))
    head = [
        say(f"settings.column.{name}") for name in ("id", "name", "kind", "driver", "precisions", "memory")
    ]
    best = choose_device([device for device in devices if device.backend == "openvino"])
    return (
        table_html(head, rows, caption=say("settings.devices"))
        + note_html(say("settings.auto", device=best))
        + note_html(say("settings.missing"))
    )


# Data


def _draw_data(page: "Page") -> None:
    say = page.say
    bare_html(section_html(say("settings.data")))
    gr.Markdown(say("settings.data_info"), elem_id=f"{TAB}-data-info")
    table = bare_html("", f"{TAB}-data")
    said = bare_html("", f"{TAB}-data-said")
    with gr.Row(elem_id=f"{TAB}-data-row"):
        refresh = gr.Button(say("settings.refresh"), size="sm", elem_id=f"{TAB}-data-refresh")
        show = gr.Button(
            say("settings.open_folder"),
            size="sm",
            visible=page.may_name_folders,
            elem_id=f"{TAB}-open-folder",
        )
    gr.on([refresh.click, page.tab.select], lambda: data_html(page), None, table, **QUIET)

    def open_folder() -> str:
        if not page.may_name_folders:
            return ""
        try:
            show_in_file_manager(page.data)
        except LapdrawError as error:
            return note_html(page.words(error), "bad")
        return note_html(say("settings.opened"), "good")

    show.click(open_folder, None, said, **QUIET)


def data_html(page: "Page") -> str:
    """Return where the data lies, how big each part is, and what is free."""
    say = page.say
    rows = [(say(f"settings.part.{part.name}"), size_words(part.bytes)) for part in data_parts(page.data)]
    where = f'<p class="ld-path"><code>{escape(str(page.data.resolve()))}</code></p>'
    return (
        (where if page.may_name_folders else "")
        + table_html((say("settings.part"), say("settings.size")), rows, caption=say("settings.data"))
        + note_html(say("settings.free", size=size_words(free_bytes(page.data))))
    )


# About


def _draw_about(page: "Page") -> None:
    say = page.say
    bare_html(section_html(say("settings.about"), say("settings.about_info")))
    rows = list(versions().items())
    bare_html(table_html(("", ""), rows, caption=say("settings.about")), f"{TAB}-about")
    report = gr.Textbox(
        label=say("settings.report"),
        info=say("settings.report_info"),
        lines=5,
        max_lines=12,
        interactive=False,
        elem_id=f"{TAB}-report",
    )
    copy = gr.Button(say("settings.copy"), size="sm", elem_id=f"{TAB}-copy")

    def tell() -> str:
        free = size_words(free_bytes(page.data))
        return bug_report(page.engine.devices(), [f"disk free: {free}", f"page: {page.language}"])

    page.tab.select(tell, None, report, **QUIET)
    copied = copy.click(tell, None, report, **QUIET)
    copied.then(None, report, None, js=COPY).then(
        lambda: gr.Info(say("settings.copied")), None, None, **QUIET
    )
