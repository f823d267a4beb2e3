"""Which language a person reads: what the settings say, else what the browser asks for."""

from __future__ import annotations

from ui.web.routes import LANGUAGES


def choose_language(setting: str, accept_language: str | None) -> str:
    """Return "en" or "zh"; `accept_language` is the browser's header, its quality values honoured."""
    if setting in LANGUAGES:
        return setting
    wishes: list[tuple[float, int, str]] = []
    for position, part in enumerate((accept_language or "").split(",")):
        tag, _, quality = part.replace(" ", "").partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            weight = 0.0
        wishes.append((-weight, position, tag.lower().split("-")[0]))
    return next((tag for weight, _, tag in sorted(wishes) if tag in LANGUAGES and weight < 0), "en")
