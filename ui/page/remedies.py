"""What a person can do about a model that could not be fetched, with the page to visit as a link."""

from html import escape
from typing import TYPE_CHECKING

from ui.page.faults import find_fault

if TYPE_CHECKING:
    from ui.page.page import Page

TOKENS = "https://huggingface.co/settings/tokens"
# The fault, by its name in texts/hub_faults.py -> the text of the remedy, and where the link leads: what the
# sentence fills in under that name, an address, or nowhere.
REMEDIES = {
    "gated": ("origins.remedy.accept", "page"),
    "gated_refused": ("origins.remedy.accept", "page"),
    "token_refused": ("origins.remedy.token", TOKENS),
    "token_forgotten": ("origins.remedy.again", ""),
    "no_repository": ("origins.remedy.find", "page"),
    "no_repository_for_token": ("origins.remedy.find", "page"),
    "not_reached": ("origins.remedy.mirror", ""),
    "not_enough_disk_converting": ("origins.remedy.again", ""),
    "not_enough_disk": ("origins.remedy.again", ""),
    "disk_full": ("origins.remedy.again", ""),
    "gave_up": ("origins.remedy.again", ""),
    "told_to_wait": ("origins.remedy.again", ""),
}


def remedy_html(page: "Page", reason: str) -> str:
    """Return the remedy of a failure of the Hub; nothing where the sentence says all."""
    found = find_fault(reason)
    if found is None:
        return ""
    key, values = found
    text, link = REMEDIES.get(key.removeprefix("hub_faults."), ("", ""))
    if not text:
        return ""
    address = values.get(link, link)
    anchor = ""
    if address.startswith(("https://", "http://")):
        where = escape(address)
        anchor = f' <a href="{where}" target="_blank" rel="noopener noreferrer">{where}</a>'
    return f'<p class="ld-note ld-note-hint ld-remedy">{escape(page.say(text))}{anchor}</p>'
