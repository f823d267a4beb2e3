"""What is to be converted, whatever it comes as: its components, where their weights lie, its small files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optimize.configurations import Files, read_object, write_files
from optimize.families import FAMILIES, Component, Family
from runtime.checkpoint import PREDICTION_TYPES, Part
from runtime.errors import ExportError
from runtime.model_card import ModelCard
from runtime.model_files import hash_of, read_json_object
from runtime.weight_files import count_numbers, source_weights


@dataclass(frozen=True, kw_only=True)
class SourceChoices:
    """What a person adds to a source; raises ExportError for a prediction type that is none."""

    vae: Path | None = None  # a VAE's folder or file in place of the source's own
    prediction_type: str | None = None  # of PREDICTION_TYPES, for a checkpoint that does not say it
    config: Path | None = None  # a folder of configurations, for a checkpoint of an architecture of its own

    def __post_init__(self) -> None:
        if self.prediction_type not in (None, *PREDICTION_TYPES):
            raise ExportError(
                f"prediction type {self.prediction_type!r} is not known: it must be one of "
                + ", ".join(PREDICTION_TYPES)
            )


@dataclass(frozen=True, kw_only=True)
class SourceModel:
    """A diffusers folder, or a checkpoint with its configurations, of a family that we convert."""

    path: Path  # the folder or the file
    family: Family
    index: Mapping[str, Any]  # model_index.json
    scheduler_config: dict[str, Any]
    present: tuple[str, ...]  # names of the components that there are
    files: Files | None = None  # the small files that belong to a checkpoint; a folder has its own
    parts: Mapping[str, Part] = field(default_factory=dict)  # source component -> where in which file it lies
    folders: Mapping[str, Path] = field(
        default_factory=dict
    )  # source component -> folder in place of its own
    notes: tuple[str, ...] = ()  # what a checkpoint was recognised as, and what was assumed of it
    card: ModelCard = field(default_factory=ModelCard)  # what its maker says of it

    @property
    def components(self) -> tuple[Component, ...]:
        """The rows to convert, in order: those of the family that the source has."""
        return tuple(row for row in self.family.components if row.name in self.present)

    def config(self, entry: str) -> dict[str, Any]:
        """Return the configuration of a source component; raises ExportError or ModelFolderError."""
        if self.files is None:
            return read_json_object(self.path / entry / "config.json")
        return read_object(self.files, f"{entry}/config.json")

    def settings(self, place: Path) -> Path:
        """Return a folder with all small files: the source itself, or `place`, made for them."""
        if self.files is None:
            return self.path
        write_files(self.files, place)
        return place

    def weights(self) -> dict[str, tuple[Path, ...]]:
        """Return the weight files that are read, by source component; raises ModelFolderError."""
        return {row.entry: self._weights(row.entry) for row in self.components}

    def numbers(self) -> dict[str, int]:
        """Return how many weights each component of the result holds, the halves of a VAE counted whole."""
        counted = {
            entry: self.parts[entry].numbers if entry in self.parts else count_numbers(paths)
            for entry, paths in self.weights().items()
        }
        return {row.name: counted[row.entry] for row in self.components}

    def hash_weights(self) -> dict[str, str]:
        """Return the sha256 of every weight file, by its name in the source; raises ModelFolderError."""
        names = {path: self._name(entry, path) for entry, paths in self.weights().items() for path in paths}
        return {name: hash_of(path) for path, name in names.items()}

    def _weights(self, entry: str) -> tuple[Path, ...]:
        if entry in self.parts:
            return (self.parts[entry].file,)
        return source_weights(self.folders.get(entry, self.path / entry))[0]

    def _name(self, entry: str, path: Path) -> str:
        """Return what the manifest calls a weight file: its place in the source, or in one like it."""
        if path == self.path:
            return path.name
        is_own = entry not in self.parts and entry not in self.folders
        return path.relative_to(self.path).as_posix() if is_own else f"{entry}/{path.name}"


def check_classes(path: Path, index: Mapping[str, Any], rows: tuple[Component, ...]) -> None:
    """Raise ExportError for a component that is not of the class that we convert."""
    for row in rows:
        found = index.get(row.entry)
        if found != [row.library, row.class_name]:
            raise ExportError(
                f"{path}: {row.entry} is {found!r:.80}, and only {row.library}'s {row.class_name} can be "
                "converted: code that comes with a model is never run"
            )


def family_of(path: Path, index: Mapping[str, Any], unet: Mapping[str, Any]) -> Family:
    """Return the first family of the pipeline's class that the UNet fits; raises ExportError."""
    pipeline_class = str(index.get("_class_name", ""))
    families = [family for family in FAMILIES if pipeline_class in family.pipeline_classes]
    if not families:
        known = ", ".join(dict.fromkeys(name for family in FAMILIES for name in family.pipeline_classes))
        raise ExportError(
            f"{path} is a {pipeline_class or 'pipeline of no class'}, which cannot be "
            f"converted: what can is {known}"
        )
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
    raise ExportError(f"{path}: {faults[0]}: this kind of model cannot be converted yet")
