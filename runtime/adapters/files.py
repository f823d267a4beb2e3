"""Files of LoRAs and embeddings that were read, kept as long as they are wanted from request to request."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from runtime.adapters.embedding import Embedding, check_fits, read_embedding
from runtime.adapters.library import LORA, AdapterFile, embedding_hash, lora_hash
from runtime.adapters.lora import Lora, read_lora

SHORT_HASH = 12  # digits of a hash in a picture's text


class AdapterFiles:
    """Reads files, and remembers what the last request wanted, and every hash."""

    def __init__(self) -> None:
        self._read: dict[object, Lora | Embedding] = {}
        self._hashes: dict[object, str] = {}

    def lora(self, file: AdapterFile) -> Lora:
        """Return a LoRA's content; raises AdapterError."""
        key = file_key(file.path)
        found = self._read.get(key)
        made = found if isinstance(found, Lora) else read_lora(file.path)
        self._read[key] = made
        return made

    def embedding(self, file: AdapterFile, widths: Mapping[str, int]) -> Embedding:
        """Return an embedding's content; raises AdapterError for one that does not fit these widths."""
        key = file_key(file.path)
        found = self._read.get(key)
        made = found if isinstance(found, Embedding) else read_embedding(file.path)
        check_fits(made, widths)
        self._read[key] = made
        return made

    def short_hash(self, file: AdapterFile) -> str:
        """Return the digits that a picture's text names a file by."""
        key = file_key(file.path)
        if key not in self._hashes:
            whole = lora_hash(file.path) if file.kind == LORA else embedding_hash(file.path)
            self._hashes[key] = whole[:SHORT_HASH]
        return self._hashes[key]

    def forget_others(self, files: Sequence[AdapterFile]) -> None:
        """Free what none of these files is."""
        kept = {file_key(file.path) for file in files}
        self._read = {key: content for key, content in self._read.items() if key in kept}


def file_key(path: Path) -> object:
    """Return what tells a file's content from another's, without reading it."""
    try:
        state = path.stat()
    except OSError:  # gone: reading it will say so
        return (str(path),)
    return (str(path), state.st_size, state.st_mtime_ns)
