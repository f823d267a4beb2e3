"""Turning a source into a model folder: checked before, checked after, whole or not at all."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from importlib import metadata
from itertools import count
from pathlib import Path
from typing import Any

from optimize.convert import ConvertJob
from optimize.families import MAX_ERROR, Component
from optimize.fidelity import measure_error
from optimize.preview import fit_latent_rgb
from optimize.source import open_source
from optimize.source_model import SourceChoices, SourceModel
from optimize.staging import Staging, refuse_existing
from optimize.weights import store_fp16
from optimize.worker import convert_in_worker
from runtime.errors import ExportError
from runtime.export_needs import export_disk_bytes
from runtime.hub_record import read_record
from runtime.manifest import MANIFEST_NAME, Manifest, Source, describe_files
from runtime.model_card import ModelCard
from runtime.model_files import INDEX_NAME
from runtime.model_folder import MANIFEST_MARK, ModelFolder
from runtime.weight_files import BIN_NAME, XML_NAME

PRECISIONS = ("fp16", "fp32")
TOOLS = ("openvino", "openvino-tokenizers", "optimum-intel", "diffusers", "transformers", "torch")
_LEFT_OUT = {"safety_checker", "image_encoder", "watermarker"}  # not used here
_SETTINGS = ("scheduler", "low_res_scheduler", "feature_extractor")  # folders of one configuration each

Convert = Callable[[ConvertJob, Callable[[str], None]], None]


@dataclass(frozen=True, kw_only=True)
class Phase:
    """Where an export is: the phase that starts, and how many there are."""

    name: str
    index: int  # from 1
    total: int


def export_model(
    source: str | Path,
    output: str | Path,
    precision: str = "fp16",
    progress: Callable[[Phase], None] = lambda phase: None,
    convert: Convert = convert_in_worker,
    choices: SourceChoices | None = None,
) -> ModelFolder:
    """Convert `source`, a diffusers folder or a checkpoint, into the model folder `output`, in fp16 or fp32.

    Every component is executed and compared with PyTorch before the folder appears; the errors are written
    into its manifest. `convert` does PyTorch's part, in a process of its own unless told otherwise. Raises
    ExportError or ModelFolderError; then, and when the process is killed, there is no `output`.
    """
    if precision not in PRECISIONS:
        raise ExportError(f"precision {precision!r} is not known: it must be one of {', '.join(PRECISIONS)}")
    output = Path.cwd() / output
    model = open_source(Path(source), choices)
    begin = _counter(model, progress)
    begin("checking source")
    refuse_existing(output)
    numbers = model.numbers()
    with Staging(output) as staging, said_in_a_sentence(output), ThreadPoolExecutor(1) as pool:
        check_room(output.parent, numbers, precision)
        hashes = pool.submit(model.hash_weights)
        settings = model.settings(staging.work / "settings")
        convert(_job(model, settings, staging), begin)
        errors: dict[str, dict[str, float]] = {}
        for row in model.components:
            begin(f"checking {row.name}")
            errors[row.name] = store_and_check(row, staging, precision)
        begin("writing manifest")
        _write_small_files(model, settings, staging.model)
        staging.flush()
        manifest = Manifest(
            source=describe_source(model, output, hashes.result()),
            precision=precision,
            tools={name: metadata.version(name) for name in TOOLS},
            created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            errors=errors,
            latent_rgb=fit_latent_rgb(staging.model),
            files=describe_files(staging.model),
        )
        staging.write_manifest(manifest)
        ModelFolder(staging.model)  # a folder that we could not open ourselves must not appear
        staging.commit()
    return ModelFolder(output)


def _counter(model: SourceModel, progress: Callable[[Phase], None]) -> Callable[[str], None]:
    """Return what is called with the name of each phase, in order."""
    loads = len({row.entry for row in model.components})
    tokenizers = sum(name.startswith("text_encoder") for name in model.present)
    total = 1 + loads + len(model.components) + tokenizers + len(model.components) + 1
    numbers = count(1)
    return lambda name: progress(Phase(name=name, index=next(numbers), total=total))


def _job(model: SourceModel, settings: Path, staging: Staging) -> ConvertJob:
    return ConvertJob(
        source=str(settings.resolve()),
        work=str(staging.work),
        model=str(staging.model),
        family=model.family.name,
        components=tuple(row.name for row in model.components),
        scheduler_config=model.scheduler_config,
        parts={entry: replace(part, file=part.file.resolve()) for entry, part in model.parts.items()},
        folders={entry: str(folder.resolve()) for entry, folder in model.folders.items()},
    )


def check_room(parent: Path, numbers: Mapping[str, int], precision: str) -> None:
    """Refuse when the disk cannot hold what the conversion writes."""
    needed = export_disk_bytes(numbers, precision)
    free = shutil.disk_usage(parent).free
    if free < needed:
        raise ExportError(
            f"the export needs {needed / 1e9:.2f} GB in {parent} and {free / 1e9:.2f} GB are free: "
            "free some, or give another place"
        )


@contextmanager
def said_in_a_sentence(output: Path) -> Iterator[None]:
    """Turn a failing disk into a sentence."""
    try:
        yield
    except OSError as error:
        free = shutil.disk_usage(output.parent).free >> 20
        raise ExportError(
            f"{error.filename or output} could not be written ({error.strerror or error}; {free} MB are "
            "free): free some space, or give another place"
        ) from error


def store_and_check(row: Component, staging: Staging, precision: str) -> dict[str, float]:
    """Put the IR of a component in its place; return its errors by precision of the weights."""
    converted, reference = staging.work / row.name, staging.work / f"{row.name}.npz"
    final = staging.model / row.name
    errors: dict[str, float] = {}
    if precision == "fp32":
        for name in (XML_NAME, BIN_NAME):
            (converted / name).rename(final / name)
    else:
        try:
            lossy = store_fp16(converted, final)
        except RuntimeError as error:  # OpenVINO names neither file nor cause
            raise OSError(None, f"OpenVINO: {error!s:.200}", str(final)) from error
        if lossy:
            errors["fp32"] = measure_error(converted, reference)
        shutil.rmtree(converted)
    errors[precision] = measure_error(final, reference)
    errors.setdefault("fp32", errors[precision])  # the same weights, number for number
    for stored, measured in errors.items():
        if not measured <= MAX_ERROR[stored]:
            raise ExportError(
                f"{row.name} in {stored} is off by {measured:.1e} of its largest output, at most "
                f"{MAX_ERROR[stored]:.0e} is allowed: nothing was written; please report this with the "
                "name of the model"
            )
    return errors


def _write_small_files(source: SourceModel, settings: Path, output: Path) -> None:
    """Write the configurations that are no network's as they are, and an index of what is in the folder."""
    # The safety checker is found by its folder: the peers would look for PyTorch's weights in it.
    left_out = _LEFT_OUT
    if "depth_estimator" not in source.present:
        left_out = left_out | {"depth_estimator"}
    if not {"depth_estimator", "safety_checker"} & set(source.present):  # whose other half it is
        left_out = left_out | {"feature_extractor"}
    for name in _SETTINGS:
        if name not in left_out and (settings / name).is_dir():
            (output / name).mkdir()
            for path in (settings / name).glob("*.json"):
                shutil.copyfile(path, output / name / path.name)
    index: dict[str, Any] = {name: value for name, value in source.index.items() if name != "_name_or_path"}
    for name in left_out & index.keys():
        index[name] = [None, None]
    if "requires_safety_checker" in index:
        index["requires_safety_checker"] = False
    index[MANIFEST_MARK] = MANIFEST_NAME
    (output / INDEX_NAME).write_text(json.dumps(index, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def describe_source(model: SourceModel, output: Path, sha256: Mapping[str, str]) -> Source:
    """Return what the manifest says of the source: the Hub's id and commit where it is from there."""
    return describe_place(model.path, output, sha256, notes=model.notes, card=model.card)


def describe_place(
    path: Path,
    output: Path,
    sha256: Mapping[str, str],
    *,
    notes: tuple[str, ...] = (),
    card: ModelCard | None = None,
) -> Source:
    """Return what the manifest says of a file or folder at `path`, by the Hub's name where it is from there.

    `card` is what it says of itself, in place of which comes what its page on the Hub said.
    """
    location, record = location_of(path, output), read_record(path)
    if record is None:
        return Source(location=location, sha256=sha256, notes=notes, card=card or ModelCard())
    return Source(
        location=record.repository,
        revision=record.commit,
        folder=location,
        sha256=sha256,
        notes=notes,
        card=record.card,
    )


def location_of(source: Path, output: Path) -> str:
    """Return where the source lies, seen from the model folder when both are on one drive."""
    start = output.parent.resolve() / output.name
    try:
        return Path(os.path.relpath(source.resolve(), start)).as_posix()
    except ValueError:  # another drive
        return source.resolve().as_posix()
