"""What the page says, in the language it was built for."""

from collections.abc import Mapping
from importlib import import_module
from typing import Literal, cast

Language = Literal["en", "zh"]
Table = Mapping[str, tuple[str, str]]  # key -> English, 简体中文
LANGUAGES: tuple[Language, ...] = ("en", "zh")


class Texts:
    """Looks texts up by `module.key`, where the module is one of ui.page.texts."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._column = LANGUAGES.index(language)
        self._tables: dict[str, Table] = {}

    def say(self, key: str, **values: object) -> str:
        """Return the text of a key with the values filled in; raises KeyError for a key that no table has."""
        module, _, name = key.partition(".")
        text = self._table(module)[name][self._column]
        return text.format(**values) if values else text

    def knows(self, key: str) -> bool:
        """Whether there is such a text, for names that come from elsewhere."""
        module, _, name = key.partition(".")
        return name in self._table(module)

    def _table(self, module: str) -> Table:
        if module not in self._tables:
            self._tables[module] = cast(Table, import_module(f"ui.page.texts.{module}").TEXTS)
        return self._tables[module]
