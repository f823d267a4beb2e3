"""How the page looks and behaves beyond Gradio: theme, styles, the script of its head. Nothing is fetched."""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from ui.settings import SettingsFile

if TYPE_CHECKING:
    from ui.page.page import Page

ASSETS = Path(__file__).parent / "assets"
FONTS = (
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Roboto",
    "Noto Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "sans-serif",
)
MONO_FONTS = ("ui-monospace", "Cascadia Mono", "Consolas", "DejaVu Sans Mono", "monospace")


def mount_options(settings: SettingsFile) -> dict[str, Any]:
    """Return theme, css and head for gr.mount_gradio_app."""
    script = (ASSETS / "page.js").read_text(encoding="utf-8")
    theme = settings.read().theme
    return {
        "theme": build_theme(),
        "css": (ASSETS / "page.css").read_text(encoding="utf-8"),
        "head": f'<script>window.lapdrawTheme="{theme}";\n{script}</script>',
        "footer_links": [],
        "run_history": False,
    }


def build_theme() -> Any:
    """A built-in theme in quiet colours, with the fonts of the system."""
    return gr.themes.Default(
        primary_hue=gr.themes.colors.blue,
        secondary_hue=gr.themes.colors.blue,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_md,
        font=FONTS,
        font_mono=MONO_FONTS,
    )


def facts_html(page: "Page") -> str:
    """Return what the script of the page reads: language, theme, whether to notify."""
    settings = page.settings.read()
    return (
        f'<div id="lapdraw-facts" hidden data-language="{page.language}" data-theme="{settings.theme}" '
        f'data-notify="{str(settings.notify).lower()}" data-title="{escape(page.say("common.title"))}"></div>'
    )


def heading_html(page: "Page") -> str:
    """Return the name and the line below it."""
    return f"<h1>{escape(page.say('common.title'))}</h1><p>{escape(page.say('common.lead'))}</p>"
