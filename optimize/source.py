"""The model that is to be converted: refused here, before anything heavy is imported, if it cannot be."""

from dataclasses import dataclass
from pathlib import Path

from optimize.families import FAMILIES, Component, Family
from runtime.errors import ExportError
from runtime.model_files import hash_of
from runtime.model_folder import ModelFolder
from runtime.weight_files import count_numbers, source_weights

_SINGLE_FILES = (".safetensors", ".ckpt", ".pt", ".bin")


@dataclass(frozen=True, kw_only=True)
class SourceModel:
    """A diffusers folder that belongs to a family we convert."""

    folder: ModelFolder
    family: Family

    @property
    def components(self) -> tuple[Component, ...]:
        """The rows to convert, in order."""
        return self.family.components

    def weights(self) -> dict[str, tuple[Path, ...]]:
        """Return the weight files that are read, by source component; raises ModelFolderError."""
        return {row.entry: source_weights(self.folder.path / row.entry)[0] for row in self.components}

    def numbers(self) -> dict[str, int]:
        """Return how many weights each component of the result holds, the halves of a VAE counted whole."""
        weights = self.weights()
        return {row.name: count_numbers(weights[row.entry]) for row in self.components}

    def hash_weights(self) -> dict[str, str]:
        """Return the sha256 of every weight file, by its name in the source; raises ModelFolderError."""
        return {
            path.relative_to(self.folder.path).as_posix(): hash_of(path)
            for paths in self.weights().values()
            for path in paths
        }


def open_source(path: Path) -> SourceModel:
    """Open a source folder; raises ExportError or ModelFolderError if it cannot be converted."""
    if path.is_file() and path.suffix in _SINGLE_FILES:
        raise ExportError(f"{path} is a single file: give a diffusers folder (with model_index.json)")
    if not path.exists():
        raise ExportError(f"there is no folder {path}: give a diffusers folder (with model_index.json)")
    folder = ModelFolder(path)
    if folder.kind != "diffusers":
        raise ExportError(f"{path} already holds OpenVINO IR: give the diffusers folder it was made from")
    family = _family_of(folder)
    for row in family.components:
        found = folder.index.get(row.entry)
        if found != [row.library, row.class_name]:
            raise ExportError(
                f"{path}: {row.entry} is {found!r:.80}, and only {row.library}'s {row.class_name} can be "
                "converted: code that comes with a model is never run"
            )
    for key, values in family.unet_settings.items():
        value = folder.config("unet").get(key, values[0])
        if value not in values:
            expected = " or ".join(repr(item) for item in values)
            raise ExportError(
                f"{path}: the UNet has {key} {value!r:.40}, {family.name} has {expected}: "
                "this kind of model cannot be converted yet"
            )
    return SourceModel(folder=folder, family=family)


def _family_of(folder: ModelFolder) -> Family:
    for family in FAMILIES:
        if folder.pipeline_class in family.pipeline_classes:
            return family
    known = ", ".join(name for family in FAMILIES for name in family.pipeline_classes)
    raise ExportError(
        f"{folder.path} is a {folder.pipeline_class or 'pipeline of no class'}, which cannot be converted: "
        f"what can is {known}"
    )
