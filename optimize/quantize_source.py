"""What is to become int8, opened and judged: IR as it is, or what is converted to fp16 on the way."""

from dataclasses import dataclass, replace
from pathlib import Path

from optimize.export import PRECISIONS, describe_place, describe_source, location_of
from optimize.families import FAMILIES, Family
from optimize.source import open_source
from optimize.source_model import SourceChoices, SourceModel
from runtime.errors import ExportError
from runtime.export_needs import ExportNeeds
from runtime.manifest import Source
from runtime.memory import count_weights
from runtime.model_files import hash_of
from runtime.model_folder import ModelFolder
from runtime.quantize_needs import needs_of_ir, needs_of_source
from runtime.weight_files import BIN_NAME, XML_NAME

_OPTIONS = {"vae": "--vae", "prediction_type": "--prediction-type", "config": "--config"}


@dataclass(frozen=True, kw_only=True)
class Original:
    """A model that can be made int8: IR, or a source that is converted first."""

    model: ModelFolder | SourceModel

    @property
    def ir(self) -> ModelFolder | None:
        """The IR, None where it must be made first."""
        return self.model if isinstance(self.model, ModelFolder) else None

    def needs(self, precision: str) -> ExportNeeds:
        """Return what making it int8 takes, by the headers of its files; raises ModelFolderError."""
        model = self.model
        if isinstance(model, SourceModel):
            return needs_of_source(model.numbers(), precision)
        return needs_of_ir({name: count_weights(model, name) for name in model.components}, precision)

    def described(self, base: ModelFolder, output: Path) -> Source:
        """Return what the manifest of `output` says of where the weights came from first.

        `base` is the IR that was quantized: this one, or what the source was converted into.
        """
        if isinstance(self.model, SourceModel):
            hashes = base.manifest.source.sha256 if base.manifest is not None else {}
            return describe_source(self.model, output, hashes)
        if base.manifest is None:
            return _described_ir(base, output)
        known, folder = base.manifest.source, base.path
        if known.revision is None:  # no id of the Hub, but a place
            return replace(known, location=_moved(known.location, folder, output))
        if known.folder is None:
            return known
        return replace(known, folder=_moved(known.folder, folder, output))


def open_original(path: Path, choices: SourceChoices, precision: str) -> Original:
    """Open what is to become int8, in a moment; raises ExportError or ModelFolderError if it cannot.

    `choices` are for what is converted. Refused rather than done badly are models that the recipe was not
    made for: those that want more than a prompt.
    """
    if not path.exists():
        raise ExportError(
            f"there is no folder or file {path}: give a model folder, a diffusers folder or a .safetensors "
            "file"
        )
    folder = ModelFolder(path) if path.is_dir() else None
    if folder is None or folder.kind == "diffusers":
        source = open_source(path, choices)
        if not _is_from_prompt(source.family):
            takes = f" that takes {source.config('unet').get('in_channels')} channels"
            _refuse(path, str(source.index.get("_class_name")), precision, takes)
        return Original(model=source)
    given = [option for name, option in _OPTIONS.items() if getattr(choices, name) is not None]
    if given:
        raise ExportError(
            f"{given[0]} is for what is converted, and {path} already holds OpenVINO IR: leave it out, or "
            "give what that was made from"
        )
    if "text-to-image" not in folder.tasks:
        takes = f" that takes {folder.unet_in_channels} channels"
        _refuse(path, folder.pipeline_class or "model of an unknown class", precision, takes)
    if folder.precision not in PRECISIONS:
        raise ExportError(
            f"{path} is stored in {folder.precision}: give the model it was made from, in fp16 or fp32"
        )
    return Original(model=folder)


def refuse_class(name: str, pipeline_class: str, precision: str) -> None:
    """Raise ExportError for a class of pipelines that is never made int8, before anything is fetched."""
    families = [family for family in FAMILIES if pipeline_class in family.pipeline_classes]
    if families and not any(map(_is_from_prompt, families)):
        _refuse(name, pipeline_class, precision)


def _is_from_prompt(family: Family) -> bool:
    """Whether its models make pictures from a prompt alone: the UNet takes nothing but the latents."""
    takes_latents = family.unet_settings.get("in_channels") == (4,)
    return takes_latents and any(row.name == "text_encoder" for row in family.components)


def _refuse(path: Path | str, pipeline_class: str, precision: str, takes: str = "") -> None:
    raise ExportError(
        f"{path} is a {pipeline_class}{takes}, and {precision} is for models that make pictures from a "
        "prompt alone: use --precision fp16"
    )


def _described_ir(base: ModelFolder, output: Path) -> Source:
    """Return what is said of IR without a manifest: its place, and the Hub's id where it was fetched."""
    names = (f"unet/{XML_NAME}", f"unet/{BIN_NAME}")
    return describe_place(base.path, output, {name: hash_of(base.path / name) for name in names})


def _moved(place: str, seen_from: Path, output: Path) -> str:
    """Return a place that is told from one folder as it is told from another."""
    return location_of(seen_from.resolve() / place, output)
