"""Making a model int8: an IR folder becomes another whose UNet is quantized, compared and timed."""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from importlib import metadata
from itertools import count
from pathlib import Path
from typing import Any

from optimize.export import Convert, Phase, export_model, location_of, said_in_a_sentence
from optimize.int8_recipe import walk_of
from optimize.preview import fit_latent_rgb
from optimize.quantize_worker import MEASURED, NOTES, QuantizeJob, quantize_in_worker
from optimize.source_model import SourceChoices
from optimize.staging import Staging, flush_file, refuse_existing
from optimize.worker import convert_in_worker
from runtime.errors import ExportError
from runtime.machine import cpu_name
from runtime.manifest import MANIFEST_NAME, Manifest, Source, describe_files
from runtime.memory import available_bytes
from runtime.model_files import INDEX_NAME, hash_of
from runtime.model_folder import MANIFEST_MARK, ModelFolder
from runtime.quantization import QUANTIZED, Quantization
from runtime.quantize_needs import quantize_needs
from runtime.weight_files import BIN_NAME, XML_NAME

BASE_PRECISIONS = ("fp32", "fp16")
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
) -> ModelFolder:
    """Make the int8 model folder `output` of a model folder (IR in fp16 or fp32) or a diffusers folder.

    `precision` is "int8" (weights and activations, calibrated) or "int8-weights". Text encoder and VAE stay
    as they are. A diffusers folder is converted to fp16 first; IR needs neither PyTorch nor diffusers. Raises
    ExportError or ModelFolderError; then, and when the process is killed, there is no `output`.
    """
    if precision not in QUANTIZED:
        raise ExportError(f"precision {precision!r} is not known: it must be one of {', '.join(QUANTIZED)}")
    source, output = Path(source), Path.cwd() / output
    if not source.exists():
        raise ExportError(f"there is no folder {source}: give a model folder or a diffusers folder")
    begin = _Counter(progress, 4 + len(STAGES[precision]))
    model = ModelFolder(source)
    require_quantizable(model, precision)
    refuse_existing(output)
    _check_memory(model, precision)
    with Staging(output) as staging, said_in_a_sentence(output):
        _check_room(output.parent, model, precision)
        if model.kind == "diffusers":
            base = ModelFolder(_converted(model, staging.work / "base", begin, convert))
        else:
            begin("checking source")
            model.verify()
            base = model
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
        _write_manifest(base, model, staging, precision, output)
        staging.commit()
    return ModelFolder(output)


def require_a_folder(source: str | Path, choices: SourceChoices, precision: str) -> None:
    """Raise ExportError for what is converted first, a single file or another VAE: one thing at a time."""
    if Path(source).is_file() or choices != SourceChoices():
        raise ExportError(
            f"{precision} is made of a folder as it is: make {source} fp16 first, with --vae and what else "
            f"it takes, then give that model folder with --precision {precision}"
        )


def require_quantizable(model: ModelFolder, precision: str) -> None:
    """Raise ExportError for a model that the recipe was not made for: refused rather than done badly."""
    unet = model.config("unet")
    kind = model.pipeline_class or "model of an unknown class"
    if "text-to-image" not in model.tasks or model.unet_in_channels != model.latent_channels:
        fault = f"{kind} whose UNet takes {model.unet_in_channels} channels"
    elif model.index.get("text_encoder_2") not in (None, [None, None]) or unet.get("addition_embed_type"):
        fault = f"{kind} with embeddings beside the prompt's"
    elif unet.get("time_cond_proj_dim") is not None:
        fault = f"{kind} with an embedding of the guidance"
    elif model.kind == "openvino" and model.precision not in BASE_PRECISIONS:
        raise ExportError(
            f"{model.path} is stored in {model.precision}: give the model it was made from, in fp16 or fp32"
        )
    else:
        return
    raise ExportError(
        f"{model.path} is a {fault}, and {precision} is for pictures from a prompt alone "
        "(Stable Diffusion 1.x and 2.x): use --precision fp16"
    )


class _Counter:
    """Numbers the phases as they begin."""

    def __init__(self, progress: Callable[[Phase], None], total: int) -> None:
        self._progress, self._total, self._numbers = progress, total, count(1)

    def __call__(self, name: str) -> None:
        index = next(self._numbers)
        self._progress(Phase(name=name, index=index, total=max(index, self._total)))


def _check_memory(model: ModelFolder, precision: str) -> None:
    needed, free = quantize_needs(model, precision).memory_bytes, available_bytes()
    if free is not None and free < needed:
        remedy = "or choose --precision int8-weights or fp16" if precision == "int8" else "or choose fp16"
        raise ExportError(
            f"making {model.path} {precision} needs about {needed / 1e9:.1f} GB of memory and "
            f"{free / 1e9:.1f} GB are free: close other programs, {remedy}"
        )


def _check_room(parent: Path, model: ModelFolder, precision: str) -> None:
    needed, free = quantize_needs(model, precision).disk_bytes, shutil.disk_usage(parent).free
    if free < needed:
        raise ExportError(
            f"making {model.path} {precision} needs {needed / 1e9:.2f} GB in {parent} and "
            f"{free / 1e9:.2f} GB are free: free some, or give another place"
        )


def _converted(model: ModelFolder, folder: Path, begin: _Counter, convert: Convert) -> Path:
    """Convert a diffusers folder to fp16 on the way, its phases numbered on."""
    export_model(model.path, folder, "fp16", progress=lambda phase: begin(phase.name), convert=convert)
    return folder


def _assemble(base: ModelFolder, staging: Staging) -> None:
    """Put together the new model: the quantized UNet, and all else as it was."""
    shutil.copytree(base.path, staging.model, dirs_exist_ok=True, ignore=_left_out)
    index = {name: value for name, value in base.index.items() if name != MANIFEST_MARK}
    (staging.model / INDEX_NAME).write_text(_json(index), encoding="utf-8")
    for name in (XML_NAME, BIN_NAME):
        (staging.work / "unet" / name).rename(staging.model / "unet" / name)


def _left_out(folder: str, names: list[str]) -> set[str]:
    """The weights that are replaced, the manifest, and what is hidden."""
    replaced = {XML_NAME, BIN_NAME} if Path(folder).name == "unet" else set()
    return {name for name in names if name in replaced or name == MANIFEST_NAME or name.startswith(".")}


def _write_manifest(
    base: ModelFolder, source: ModelFolder, staging: Staging, precision: str, output: Path
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
        source=_source(base, source, output),
        precision="int8",
        tools=(dict(before.tools) if before else {}) | {name: metadata.version(name) for name in _TOOLS},
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        errors=errors,
        latent_rgb=before.latent_rgb if before is not None else fit_latent_rgb(staging.model),
        quantization=made,
        files=describe_files(staging.model),
    )
    (staging.model / MANIFEST_NAME).write_bytes(manifest.to_bytes())
    flush_file(staging.model / MANIFEST_NAME)
    ModelFolder(staging.model)  # a folder that we could not open ourselves must not appear


def _source(base: ModelFolder, source: ModelFolder, output: Path) -> Source:
    """Return where the weights came from first: the source of the IR where it is known, else the IR."""
    if base.manifest is None:
        hashes = {f"unet/{name}": hash_of(base.path / "unet" / name) for name in (XML_NAME, BIN_NAME)}
        return Source(location=location_of(base.path, output), sha256=hashes)
    first = source.source_path  # of a diffusers folder, itself
    known = base.manifest.source
    if first is None:
        return known
    place = location_of(first, output)
    return replace(known, folder=place) if known.folder is not None else replace(known, location=place)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, sort_keys=True) + "\n"


def _read(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return values
