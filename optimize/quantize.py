"""Making a model int8: IR, or what becomes IR on the way, becomes a folder whose UNet is quantized."""

import json
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from importlib import metadata
from itertools import count
from pathlib import Path
from typing import Any

from optimize.export import Convert, Phase, export_model, said_in_a_sentence
from optimize.int8_recipe import walk_of
from optimize.preview import fit_latent_rgb
from optimize.quantize_source import Original, open_original
from optimize.quantize_worker import MEASURED, NOTES, QuantizeJob, quantize_in_worker
from optimize.source_model import SourceChoices
from optimize.staging import Staging, refuse_existing
from optimize.worker import convert_in_worker
from runtime.errors import ExportError
from runtime.export_needs import ExportNeeds
from runtime.hub_record import RECORD_NAME
from runtime.machine import cpu_name
from runtime.manifest import MANIFEST_NAME, Manifest, describe_files
from runtime.memory import available_bytes
from runtime.model_files import INDEX_NAME
from runtime.model_folder import MANIFEST_MARK, ModelFolder
from runtime.quantization import QUANTIZED, Quantization
from runtime.weight_files import BIN_NAME, XML_NAME

STAGES = {"int8": ("record", "quantize", "measure"), "int8-weights": ("quantize", "measure")}
MAX_UNET_ERROR = 0.25  # above it a picture shows something else: the recipe does not suit the model
_TOOLS = ("openvino", "nncf", "numpy")

DoStage = Callable[[QuantizeJob, Callable[[str], None]], None]


def quantize_model(
    source: str | Path,
    output: str | Path,
    precision: str = "int8",
    progress: Callable[[Phase], None] = lambda phase: None,
    convert: Convert = convert_in_worker,
    do_stage: DoStage = quantize_in_worker,
    choices: SourceChoices | None = None,
) -> ModelFolder:
    """Make the int8 model folder `output` of IR in fp16 or fp32, a diffusers folder, or a single file.

    `precision` is "int8" (weights and activations, calibrated) or "int8-weights". Text encoder and VAE stay
    as they are. What is not IR is converted to fp16 first, with `choices`; IR needs neither PyTorch nor
    diffusers. Raises ExportError or ModelFolderError; then, and when the process is killed, there is no
    `output`.
    """
    if precision not in QUANTIZED:
        raise ExportError(f"precision {precision!r} is not known: it must be one of {', '.join(QUANTIZED)}")
    output, choices = Path.cwd() / output, choices or SourceChoices()
    original = open_original(Path(source), choices, precision)
    begin = _Counter(progress, 4 + len(STAGES[precision]))
    refuse_existing(output)
    needs = original.needs(precision)
    _check_memory(original.model.path, precision, needs)
    with Staging(output) as staging, said_in_a_sentence(output):
        _check_room(output.parent, original.model.path, precision, needs)
        if original.ir is None:
            base = _converted(original.model.path, staging.work / "base", choices, begin, convert)
        else:
            begin("checking source")
            original.ir.verify()
            base = original.ir
        for stage in STAGES[precision]:
            if stage == "measure":
                _assemble(base, staging)
            job = QuantizeJob(
                stage=stage,
                model=str(base.path.resolve()),
                precision=precision,
                work=str(staging.work),
                quantized=str(staging.model),
            )
            do_stage(job, begin)
        begin("writing manifest")
        _write_manifest(original, base, staging, precision, output)
        staging.commit()
    return ModelFolder(output)


class _Counter:
    """Numbers the phases as they begin."""

    def __init__(self, progress: Callable[[Phase], None], total: int) -> None:
        self._progress, self._total, self._numbers = progress, total, count(1)

    def __call__(self, name: str) -> None:
        index = next(self._numbers)
        self._progress(Phase(name=name, index=index, total=max(index, self._total)))


def _check_memory(path: Path, precision: str, needs: ExportNeeds) -> None:
    free = available_bytes()
    if free is not None and free < needs.memory_bytes:
        remedy = "or choose --precision int8-weights or fp16" if precision == "int8" else "or choose fp16"
        raise ExportError(
            f"making {path} {precision} needs about {needs.memory_bytes / 1e9:.1f} GB of memory and "
            f"{free / 1e9:.1f} GB are free: close other programs, {remedy}"
        )


def _check_room(parent: Path, path: Path, precision: str, needs: ExportNeeds) -> None:
    free = shutil.disk_usage(parent).free
    if free < needs.disk_bytes:
        raise ExportError(
            f"making {path} {precision} needs {needs.disk_bytes / 1e9:.2f} GB in {parent} and "
            f"{free / 1e9:.2f} GB are free: free some, or give another place"
        )


def _converted(
    source: Path, folder: Path, choices: SourceChoices, begin: _Counter, convert: Convert
) -> ModelFolder:
    """Convert a source to fp16 on the way, its phases numbered on."""

    def progress(phase: Phase) -> None:
        begin(phase.name)

    return export_model(source, folder, "fp16", progress=progress, convert=convert, choices=choices)


def _assemble(base: ModelFolder, staging: Staging) -> None:
    """Put together the new model: the quantized UNet, and all else as it was."""
    shutil.copytree(base.path, staging.model, dirs_exist_ok=True, ignore=_left_out)
    index = {name: value for name, value in base.index.items() if name != MANIFEST_MARK}
    (staging.model / INDEX_NAME).write_text(_json(index), encoding="utf-8")
    for name in (XML_NAME, BIN_NAME):
        (staging.work / "unet" / name).rename(staging.model / "unet" / name)


def _left_out(folder: str, names: list[str]) -> set[str]:
    """The weights that are replaced, what was noted of the other folder, and what is hidden."""
    replaced = {XML_NAME, BIN_NAME} if Path(folder).name == "unet" else set()
    left_out = replaced | {MANIFEST_NAME, RECORD_NAME}
    return {name for name in names if name in left_out or name.startswith(".")}


def _write_manifest(
    original: Original, base: ModelFolder, staging: Staging, precision: str, output: Path
) -> None:
    notes = _read(staging.work / NOTES)
    measured = _read(staging.work / MEASURED)
    walk = walk_of(base)
    full = precision == "int8"
    made = Quantization(
        mode="full" if full else "weights",
        base=base.precision,
        samples=notes["samples"],
        prompts=len(walk.prompts) if full else 0,
        calibration_steps=walk.steps if full else 0,
        calibration_guidance=walk.guidance_scale if full else 0.0,
        kept_in_float=tuple(notes["kept_in_float"]),
        width=walk.width,
        height=walk.height,
        unet_error=measured["unet_error"],
        largest_unet_error=measured["largest_unet_error"],
        pictures=measured["pictures"],
        steps=measured["steps"],
        picture_psnr=measured["picture_psnr"],
        lowest_psnr=measured["lowest_psnr"],
        base_seconds=measured["seconds_before"],
        seconds=measured["seconds_after"],
        machine=cpu_name(),
    )
    if not made.unet_error <= MAX_UNET_ERROR:
        raise ExportError(
            f"the UNet in {precision} is off by {made.unet_error:.2f} of what it was, at most "
            f"{MAX_UNET_ERROR} is allowed: nothing was written; use --precision fp16 for this model"
        )
    index = base.index | {MANIFEST_MARK: MANIFEST_NAME}
    (staging.model / INDEX_NAME).write_text(_json(index), encoding="utf-8")
    staging.flush()
    before = base.manifest
    errors = {name: dict(values) for name, values in before.errors.items()} if before is not None else {}
    errors.setdefault("unet", {})["int8"] = made.unet_error
    manifest = Manifest(
        source=original.described(base, output),
        precision="int8",
        tools=(dict(before.tools) if before else {}) | {name: metadata.version(name) for name in _TOOLS},
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        errors=errors,
        latent_rgb=before.latent_rgb if before is not None else fit_latent_rgb(staging.model),
        quantization=made,
        files=describe_files(staging.model),
    )
    staging.write_manifest(manifest)
    ModelFolder(staging.model)  # a folder that we could not open ourselves must not appear


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, sort_keys=True) + "\n"


def _read(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return values
