"""The models that can be asked for by name: those in the data folder, and the bundled ones."""

from dataclasses import dataclass
from pathlib import Path

from runtime.errors import ModelFolderError
from runtime.folders import named_folders
from runtime.model_files import INDEX_NAME
from runtime.model_folder import ModelFolder


@dataclass(frozen=True, kw_only=True)
class ListedModel:
    """A model that can be asked for by its name; it has not been opened, so it may turn out to be damaged."""

    name: str
    path: Path
    bundled: bool

    def open(self) -> ModelFolder:
        """Open the folder; raises ModelFolderError."""
        return ModelFolder(self.path)


def list_models(data_dir: Path, bundled_dir: Path | None = None) -> tuple[ListedModel, ...]:
    """Return the models in `data_dir`/models and `bundled_dir`, by name; one's own hides a bundled one.

    Raises ModelFolderError when a folder cannot be read; one that does not exist holds nothing.
    """
    return tuple(
        ListedModel(name=name, path=path, bundled=bundled)
        for name, path, bundled in named_folders(data_dir / "models", bundled_dir)
    )


def find_model(name_or_path: str | Path, data_dir: Path, bundled_dir: Path | None = None) -> ModelFolder:
    """Open a model given as a path or by its name; raises ModelFolderError, which lists known names."""
    path = Path(name_or_path)
    if (path / INDEX_NAME).is_file():
        return ModelFolder(path)
    models = list_models(data_dir, bundled_dir)
    for model in models:
        if model.name == str(name_or_path):
            return model.open()
    if path.exists():
        return ModelFolder(path)  # which says what is wrong with it
    known = ", ".join(model.name for model in models) or "none"
    raise ModelFolderError(f"there is no model {str(name_or_path)!r}: known are {known}; or give a folder")
