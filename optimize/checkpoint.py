"""A single checkpoint as a source: what its header tells, with the configurations that it has not."""

from pathlib import Path

from optimize.configurations import carried_files, given_files, read_object
from optimize.prediction import find_prediction
from optimize.source_model import SourceChoices, SourceModel, check_classes, family_of
from runtime.card_sources import card_of_file
from runtime.checkpoint import Checkpoint, open_checkpoint
from runtime.errors import ExportError
from runtime.model_files import INDEX_NAME

_REMEDY = {
    "vae": "give one with --vae (a VAE's .safetensors file or diffusers folder)",
    "text_encoder": "take a version of the model with everything in it",
    "text_encoder_2": "take a version of the model with everything in it",
}


def open_single_file(path: Path, choices: SourceChoices) -> SourceModel:
    """Open a file in the original layout; raises ExportError or ModelFolderError if it cannot be."""
    checkpoint = open_checkpoint(path, recognise=choices.config is None)
    notes: tuple[str, ...]
    if choices.config is not None:
        files = given_files(choices.config, choices.prediction_type)
        notes = (f"with the configurations of {choices.config.name}",)
    else:
        assert checkpoint.kind is not None  # open_checkpoint recognised it, or refused it
        prediction = find_prediction(checkpoint, choices.prediction_type)
        files = carried_files(checkpoint.kind, prediction)
        notes = (f"recognised as {checkpoint.kind.name}",)
        if prediction.why:
            notes = (*notes, f"prediction type {prediction.type}: {prediction.why}")
    index = read_object(files, INDEX_NAME)
    family = family_of(path, index, read_object(files, "unet/config.json"))
    check_classes(path, index, family.everywhere)
    entries = {row.entry for row in family.everywhere}
    _refuse_missing(checkpoint, entries - ({"vae"} if choices.vae is not None else set()))
    return SourceModel(
        path=path,
        family=family,
        index=index,
        scheduler_config=read_object(files, "scheduler/scheduler_config.json"),
        present=tuple(row.name for row in family.everywhere),
        files=files,
        parts={entry: part for entry, part in checkpoint.parts.items() if entry in entries},
        notes=notes,
        card=card_of_file(checkpoint.header),
    )


def _refuse_missing(checkpoint: Checkpoint, entries: set[str]) -> None:
    """Raise ExportError where the file lacks one of the components."""
    for entry in sorted(entries - checkpoint.parts.keys()):
        remedy = _REMEDY.get(entry, "such a model cannot be converted from a single file")
        raise ExportError(f"{checkpoint.path} holds no {entry}: {remedy}")
