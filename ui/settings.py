"""What a person chose in the settings, kept in `settings.json` of the data folder."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from runtime.errors import InvalidRequest
from runtime.whole_file import write_whole

SETTINGS_NAME = "settings.json"
METADATA_LEVELS = ("full", "without prompts", "none")
LANGUAGES = ("auto", "en", "zh")
THEMES = ("auto", "light", "dark")
MAX_PREVIEW_INTERVAL = 100  # steps between previews
_CHOICES = {"metadata": METADATA_LEVELS, "language": LANGUAGES, "theme": THEMES}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The choices; raises InvalidRequest for a value that is none of the possible ones."""

    preview_interval: int = 1  # steps from one preview to the next; 0 shows none
    metadata: str = "full"  # what a PNG tells of its making
    language: str = "auto"  # auto: what the browser asks for
    theme: str = "auto"  # auto: what the browser prefers
    notify: bool = True  # the browser says when a picture is ready

    def __post_init__(self) -> None:
        interval = self.preview_interval
        if type(interval) is not int or not 0 <= interval <= MAX_PREVIEW_INTERVAL:
            raise InvalidRequest(
                f"preview_interval must be a whole number from 0 to {MAX_PREVIEW_INTERVAL}, got {interval!r}"
            )
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                raise InvalidRequest(f"{name} must be one of {', '.join(choices)}, got {value!r}")
        if type(self.notify) is not bool:
            raise InvalidRequest(f"notify must be true or false, got {self.notify!r}")


class SettingsFile:
    """`settings.json` of a data folder; it is written whole, so a reader never sees half of it."""

    def __init__(self, data: Path) -> None:
        self.path = data / SETTINGS_NAME

    def read(self) -> Settings:
        """Return what is kept; the default of each value that is missing or that nobody could have chosen."""
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):  # missing, unreadable or damaged: nothing can be kept
            return Settings()
        return _possible(kept) if isinstance(kept, dict) else Settings()

    def write(self, settings: Settings) -> None:
        """Keep the settings; raises InvalidRequest when the place cannot be written to."""
        text = json.dumps(asdict(settings), indent=2) + "\n"
        write_whole(self.path, lambda file: file.write(text.encode()))


def _possible(kept: Mapping[str, Any]) -> Settings:
    """Take each value by itself, so that one of another version costs only itself."""
    taken: dict[str, Any] = {}
    for field in fields(Settings):
        if field.name in kept:
            try:
                Settings(**{field.name: kept[field.name]})
            except (InvalidRequest, TypeError):  # a list cannot be looked up among the choices
                continue
            taken[field.name] = kept[field.name]
    return Settings(**taken)
