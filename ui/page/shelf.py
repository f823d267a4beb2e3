"""The installed models, opened once and kept while their folders stay as they are."""

from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from runtime.errors import LapdrawError, ModelFolderError
from runtime.few_steps import USUAL, ModelDefaults
from runtime.model_files import INDEX_NAME
from runtime.model_folder import ModelFolder
from runtime.models import list_models
from runtime.places import BUNDLED_MODELS
from runtime.tokenizer import ClipTokenizer


@dataclass(frozen=True, kw_only=True)
class Shelved:
    """A model that opened without a fault."""

    name: str
    folder: ModelFolder
    bundled: bool

    @property
    def own_size(self) -> tuple[int, int]:
        """Width and height in pixels that it was trained at."""
        return self.folder.default_width, self.folder.default_height


class Shelf:
    """What can be asked for by name; damaged folders are left out, the list of models says what ails them."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._lock = Lock()
        self._opened: dict[tuple[Path, int], ModelFolder | None] = {}
        self._tokenizers: dict[tuple[Path, int], ClipTokenizer] = {}

    def models(self, task: str | None = None) -> tuple[Shelved, ...]:
        """Return the models that can do a task, or all of them, by name."""
        try:
            listed = list_models(self._data, BUNDLED_MODELS)
        except ModelFolderError:  # the folder of models cannot be read: there is nothing to choose from
            return ()
        found = []
        for model in listed:
            folder = self._open(model.path)
            if folder is not None and (task is None or task in folder.tasks):
                found.append(Shelved(name=model.name, folder=folder, bundled=model.bundled))
        return tuple(found)

    def find(self, name: str) -> Shelved | None:
        """Return the model of this name; None when it is gone."""
        return next((model for model in self.models() if model.name == name), None)

    def defaults(self, name: str) -> ModelDefaults:
        """Return how a model wants to be asked; the usual for one that is gone."""
        model = self.find(name)
        return model.folder.defaults if model is not None else USUAL

    def tokenizer(self, name: str) -> ClipTokenizer | None:
        """Return the model's own tokenizer; None for a model that takes no prompt."""
        model = self.find(name)
        if model is None or "text_encoder" not in model.folder.components:
            return None
        key = _key(model.folder.path)
        with self._lock:
            if key not in self._tokenizers:
                limit = int(model.folder.config("text_encoder").get("max_position_embeddings", 77))
                self._tokenizers[key] = ClipTokenizer(model.folder.tokenizer_dir, max_length=limit)
            return self._tokenizers[key]

    def _open(self, path: Path) -> ModelFolder | None:
        key = _key(path)
        with self._lock:
            if key not in self._opened:
                try:
                    self._opened[key] = ModelFolder(path)
                except LapdrawError:
                    self._opened[key] = None
            return self._opened[key]


def _key(path: Path) -> tuple[Path, int]:
    """What changes when another model takes the folder's place."""
    try:
        return path, (path / INDEX_NAME).stat().st_mtime_ns
    except OSError:
        return path, 0
