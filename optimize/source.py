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
        """The rows to convert, in order: those of the family that the source has."""
        return tuple(row for row in self.family.components if row.name in self.folder.components)

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
    model = SourceModel(folder=folder, family=_family_of(folder))
    for row in model.components:
        found = folder.index.get(row.entry)
        if found != [row.library, row.class_name]:
            raise ExportError(
                f"{path}: {row.entry} is {found!r:.80}, and only {row.library}'s {row.class_name} can be "
                "converted: code that comes with a model is never run"
            )
    return model


def _family_of(folder: ModelFolder) -> Family:
    """Return the first family of the pipeline's class that the UNet fits."""
    families = [family for family in FAMILIES if folder.pipeline_class in family.pipeline_classes]
    if not families:
        known = ", ".join(dict.fromkeys(name for family in FAMILIES for name in family.pipeline_classes))
        raise ExportError(
            f"{folder.path} is a {folder.pipeline_class or 'pipeline of no class'}, which cannot be "
            f"converted: what can is {known}"
        )
    unet = folder.config("unet")
    faults = []
    for family in families:
        unfit = [
            f"the UNet has {key} {unet[key]!r:.40}, {family.name} has "
            + " or ".join(repr(value) for value in values)
            for key, values in family.unet_settings.items()
            if key in unet and unet[key] not in values
        ]
        if not unfit:
            return family
        faults.append(unfit[0])
    raise ExportError(f"{folder.path}: {faults[0]}: this kind of model cannot be converted yet")
