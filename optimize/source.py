"""Opening what is to be converted: refused here, before anything heavy is imported, if it cannot be."""

from dataclasses import replace
from pathlib import Path

from optimize.checkpoint import open_single_file
from optimize.source_model import SourceChoices, SourceModel, check_classes, family_of
from runtime.checkpoint import open_vae_file
from runtime.errors import ExportError
from runtime.model_files import read_json_object
from runtime.model_folder import ModelFolder
from runtime.weight_files import check_source_weights

_VAE_KEYS = ("latent_channels", "block_out_channels")  # in which another VAE must be as the model's own
_VAE_CLASS = "AutoencoderKL"


def open_source(path: Path, choices: SourceChoices | None = None) -> SourceModel:
    """Open a diffusers folder or a single file; raises ExportError or ModelFolderError if it cannot be."""
    choices = choices or SourceChoices()
    model = open_single_file(path, choices) if path.is_file() else _open_folder(path, choices)
    return model if choices.vae is None else _with_vae(model, choices.vae)


def _open_folder(path: Path, choices: SourceChoices) -> SourceModel:
    if not path.exists():
        raise ExportError(f"there is no folder {path}: give a diffusers folder, or a .safetensors file")
    for option, value in (("--prediction-type", choices.prediction_type), ("--config", choices.config)):
        if value is not None:
            raise ExportError(f"{option} is for single files, {path} is a folder: edit its configurations")
    folder = ModelFolder(path)
    if folder.kind != "diffusers":
        raise ExportError(f"{path} already holds OpenVINO IR: give the diffusers folder it was made from")
    model = SourceModel(
        path=path,
        family=family_of(path, folder.index, folder.config("unet")),
        index=folder.index,
        scheduler_config=folder.scheduler_config,
        present=folder.components,
    )
    check_classes(path, model.index, model.components)
    return model


def _with_vae(model: SourceModel, vae: Path) -> SourceModel:
    """Return the model with another VAE; raises ExportError or ModelFolderError for one that does not fit."""
    if "vae" not in {row.entry for row in model.components}:
        raise ExportError(f"{model.path} works without a VAE: leave --vae out")
    if not vae.exists():
        raise ExportError(f"there is no VAE {vae}: give a .safetensors file or a diffusers folder")
    note = (*model.notes, f"with the VAE of {vae.name}")
    if vae.is_file():
        return replace(model, parts={**model.parts, "vae": open_vae_file(vae)}, notes=note)
    folder = vae if (vae / "config.json").is_file() else vae / "vae"
    config = read_json_object(folder / "config.json")
    if config.get("_class_name") != _VAE_CLASS:
        raise ExportError(f"{folder} is a {config.get('_class_name')!r:.60}, not an {_VAE_CLASS}")
    own = model.config("vae")
    for key in _VAE_KEYS:
        if _comparable(config.get(key)) != _comparable(own.get(key)):
            raise ExportError(
                f"{folder} has {key} {config.get(key)!r:.60}, the model's own VAE has {own.get(key)!r:.60}: "
                "give a VAE made for this kind of model"
            )
    check_source_weights(folder)
    parts = {entry: part for entry, part in model.parts.items() if entry != "vae"}
    return replace(model, parts=parts, folders={"vae": folder}, notes=note)


def _comparable(value: object) -> object:
    """What must agree: the number of blocks, which makes the factor of the sizes, or the value itself."""
    return len(value) if isinstance(value, list) else value
