"""Whether the LoRAs and embeddings that a picture's text names are here, told by their hashes."""

import re
from collections.abc import Callable

from runtime.adapters.files import AdapterFiles
from runtime.adapters.library import EMBEDDING, LORA, AdapterLibrary
from runtime.errors import LapdrawError
from runtime.prompt_syntax import NETWORK

ADAPTER_KEYS = {"lora hashes": LORA, "ti hashes": EMBEDDING}  # of the text, in lower case
FindAdapter = Callable[[str, str], str | None]  # kind and name -> short hash; None for what is not here
SAME, MISSING, OTHER = "same", "missing", "other"
_PAIR = re.compile(r"\s*(.+?):\s*([0-9a-fA-F]{4,64})\s*")


def nothing_here(kind: str, name: str) -> None:
    """Find nothing."""


def finder(library: AdapterLibrary) -> FindAdapter:
    """Return what finds a file by its name and hashes it."""
    files = AdapterFiles()

    def find(kind: str, name: str) -> str | None:
        try:
            found = next((file for file in library.files(kind) if _plain(file.name) == _plain(name)), None)
            return files.short_hash(found) if found is not None else None
        except LapdrawError:  # damaged: a request will say so
            return ""

    return find


def _plain(name: str) -> str:
    """Return a name as a picture's text has it, in any case."""
    return name.replace(":", "").replace(",", "").casefold()


def compare(kind: str, value: str, find: FindAdapter) -> str:
    """Return whether all files of "name: hash, name: hash" are here, and the same."""
    pairs = [_PAIR.fullmatch(part) for part in value.split(",")]
    here = [(find(kind, pair[1]), pair[2].casefold()) for pair in pairs if pair is not None]
    if not here or any(found is None for found, _ in here):
        return MISSING
    return (
        SAME
        if all(found and (found.startswith(said) or said.startswith(found)) for found, said in here)
        else OTHER
    )


def names_missing(prompt: str, find: FindAdapter) -> bool:
    """Whether a prompt names a network that is not here."""
    for found in NETWORK.finditer(prompt):
        if found[1].casefold() not in ("lora", "lyco") or find(LORA, found[2].split(":")[0].strip()) is None:
            return True
    return False
