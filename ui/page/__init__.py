"""The web page; importing it imports Gradio, which takes seconds."""

from ui.page.build import build_page
from ui.page.look import mount_options

__all__ = ["build_page", "mount_options"]
