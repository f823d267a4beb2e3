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
    """A built-in theme in quiet colours of enough contrast (4.5 to 1), with the fonts of the system."""
    theme = gr.themes.Default(
        primary_hue=gr.themes.colors.blue,
        secondary_hue=gr.themes.colors.blue,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_md,
        font=FONTS,
        font_mono=MONO_FONTS,
    )
    return theme.set(
        color_accent="*primary_600",
        color_accent_soft_dark="*neutral_700",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_400",
        block_label_text_color="*neutral_700",
        block_label_text_color_dark="*neutral_200",
        block_title_text_color="*neutral_800",
        block_title_text_color_dark="*neutral_100",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_700",
        button_secondary_background_fill="*neutral_100",
        button_secondary_background_fill_hover="*neutral_200",
        button_secondary_background_fill_dark="*neutral_700",
        button_secondary_background_fill_hover_dark="*neutral_600",
        button_large_text_weight="600",
        button_small_text_weight="500",
        button_medium_text_weight="500",
        button_border_width="1px",
        button_secondary_border_color="*neutral_300",
        button_secondary_border_color_dark="*neutral_600",
        button_primary_border_color="*primary_600",
        button_primary_border_color_dark="*primary_600",
        link_text_color="*primary_700",
        link_text_color_dark="*primary_300",
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
