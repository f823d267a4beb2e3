"""Turning a ControlNet into a folder of its own: converted, checked and written like a model's network."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from importlib import metadata
from itertools import count
from pathlib import Path

from optimize.controlnet_source import ControlNetSource, open_controlnet
from optimize.convert import ConvertJob
from optimize.export import (
    PRECISIONS,
    TOOLS,
    Convert,
    Phase,
    check_room,
    describe_place,
    said_in_a_sentence,
    store_and_check,
)
from optimize.families import CONTROL, CONTROLNET
from optimize.source_model import SourceChoices
from optimize.staging import Staging, refuse_existing
from optimize.worker import convert_in_worker
from runtime.controlnet_folder import ControlNetFolder
from runtime.errors import ExportError
from runtime.manifest import Manifest, describe_files

_PHASES = 5  # checking the source, loading, exporting, checking, the manifest


def export_controlnet(
    source: str | Path,
    output: str | Path,
    precision: str = "fp16",
    progress: Callable[[Phase], None] = lambda phase: None,
    convert: Convert = convert_in_worker,
    choices: SourceChoices | None = None,
) -> ControlNetFolder:
    """Convert a ControlNet, a diffusers folder or a single file, into the folder `output`, fp16 or fp32.

    It is executed and compared with PyTorch before the folder appears. Raises ExportError or
    ModelFolderError; then, and when the process is killed, there is no `output`.
    """
    if precision not in PRECISIONS:
        raise ExportError(
            f"a ControlNet cannot be stored in {precision}: it must be one of {', '.join(PRECISIONS)}"
        )
    if choices is not None and choices != SourceChoices():
        raise ExportError(
            f"{source} is a ControlNet, which has no VAE, prediction type or configuration to choose: "
            "leave these options out"
        )
    output = Path.cwd() / output
    numbers = count(1)

    def begin(name: str) -> None:
        progress(Phase(name=name, index=next(numbers), total=_PHASES))

    begin("checking source")
    net = open_controlnet(Path(source))
    refuse_existing(output)
    with Staging(output) as staging, said_in_a_sentence(output), ThreadPoolExecutor(1) as pool:
        check_room(output.parent, {CONTROLNET.name: net.numbers}, precision)
        hashes = pool.submit(net.hashes)
        convert(_job(net, staging), begin)
        begin(f"checking {CONTROLNET.name}")
        errors = {CONTROLNET.name: store_and_check(CONTROLNET, staging, precision)}
        begin("writing manifest")
        staging.flush()
        manifest = Manifest(
            source=describe_place(net.path, output, hashes.result(), notes=net.notes),
            precision=precision,
            tools={name: metadata.version(name) for name in TOOLS},
            created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            errors=errors,
            files=describe_files(staging.model),
        )
        staging.write_manifest(manifest)
        ControlNetFolder(staging.model)  # a folder that we could not open ourselves must not appear
        staging.commit()
    return ControlNetFolder(output)


def _job(net: ControlNetSource, staging: Staging) -> ConvertJob:
    source = str(net.settings(staging.work / "settings").resolve())
    return ConvertJob(
        source=source,
        work=str(staging.work),
        model=str(staging.model),
        family=CONTROL.name,
        components=(CONTROLNET.name,),
        scheduler_config={},
        parts={} if net.part is None else {CONTROLNET.entry: net.part},
        folders={CONTROLNET.entry: source},
    )
