"""PyTorch's part of an export: each component becomes an FP32 IR, with PyTorch's answers to fixed inputs.

Runs in a process of its own (optimize.worker), so that PyTorch's memory is gone when the result is checked.
"""

import json
import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from optimize.check_inputs import forward_arguments, pooled_width
from optimize.checkpoint_weights import load_module, whole_file
from optimize.exporters import export_by_optimum, export_by_tracing
from optimize.families import CONTROL, FAMILIES, Component, OptimumExporter, Tracer, runtime_options
from optimize.fidelity import save_reference
from optimize.memory import importing, return_memory
from optimize.safety_checker import give_scores
from runtime.checkpoint import Part
from runtime.errors import ExportError, LapdrawError
from runtime.safety import CHECKER
from runtime.weight_files import XML_NAME, source_weights

# What from_pretrained raises on a source it does not understand, and the exporter on what it cannot export.
_LOADING_FAULTS = (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError)
_EXPORTING_FAULTS = (OSError, ValueError, RuntimeError)

_TRACED_SIDE = 32  # latents: as many as every UNet's halvings divide

_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "CI": "true",  # OpenVINO's converter reports its use everywhere but in continuous integration
}


@dataclass(frozen=True, kw_only=True)
class ConvertJob:
    """What is to be converted, and where to; plain values, so that it crosses to another process as JSON."""

    source: str
    work: str  # gets COMPONENT/openvino_model.xml and .bin in FP32, COMPONENT.npz
    model: str  # gets COMPONENT/config.json and tokenizer/
    family: str
    components: tuple[str, ...]
    scheduler_config: dict[str, Any]
    parts: dict[str, Part] = field(default_factory=dict)  # entry -> where in a checkpoint its weights lie
    folders: dict[str, str] = field(default_factory=dict)  # entry -> folder in place of the source's own

    @property
    def rows(self) -> tuple[Component, ...]:
        """The family's rows for the components, in its order."""
        family = next(family for family in (*FAMILIES, CONTROL) if family.name == self.family)
        return tuple(row for row in family.components if row.name in self.components)

    @property
    def text_encoders(self) -> tuple[str, ...]:
        """The components that have a tokenizer."""
        return tuple(name for name in self.components if name.startswith("text_encoder"))

    def to_json(self) -> str:
        """Return the job as one line."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> "ConvertJob":
        """Read what `to_json` wrote."""
        fields = json.loads(text)
        parts = {
            entry: Part(**part | {"file": Path(part["file"])}) for entry, part in fields["parts"].items()
        }
        return cls(**(fields | {"components": tuple(fields["components"]), "parts": parts}))


def convert(job: ConvertJob, report: Callable[[str], None]) -> None:
    """Do the job, naming each phase; raises ExportError when the source cannot be loaded or exported."""
    with _offline(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tracing, and of deprecations between the libraries
        with importing():
            _import_libraries(job)
        _quieten_libraries()
        loaded: dict[str, Any] = {}
        for row in job.rows:
            if row.entry not in loaded:
                loaded.clear()
                return_memory()
                report(f"loading {row.entry}")
                loaded[row.entry] = _load(job, row)
            report(f"exporting {row.name}")
            _export(loaded[row.entry], row, job)
        loaded.clear()
        for encoder in job.text_encoders:
            from optimize.tokenizer import write_tokenizer

            name = encoder.replace("text_encoder", "tokenizer")
            report(f"exporting {name}")
            write_tokenizer(Path(job.source, name), Path(job.model, name))


def _load(job: ConvertJob, row: Component) -> Any:
    """Return the torch module in f32, every weight of it from the source."""
    import torch

    if row.entry in job.parts:
        config = Path(job.source, row.entry)
        return load_module(row.library, row.class_name, config, job.parts[row.entry])
    folder = Path(job.folders.get(row.entry, Path(job.source, row.entry)))
    files, variant = source_weights(folder)
    if row.library == "diffusers" and len(files) == 1:
        try:
            return load_module(row.library, row.class_name, folder, whole_file(files[0]))
        except LapdrawError:  # names, shapes or types of older versions, which diffusers translates below
            return_memory()
    options = {
        "use_safetensors": True,
        "local_files_only": True,
        "variant": variant,
        "output_loading_info": True,
    }
    try:
        if row.library == "diffusers":
            module, info = _class_of(row).from_pretrained(folder, torch_dtype=torch.float32, **options)
        else:
            module, info = _class_of(row).from_pretrained(folder, dtype=torch.float32, **options)
    except _LOADING_FAULTS as error:
        raise ExportError(
            f"{folder} could not be loaded ({_first_line(error)}): fetch the model again"
        ) from error
    absent = sorted(map(str, [*info["missing_keys"], *info["mismatched_keys"]]))
    if absent:
        raise ExportError(
            f"{folder} lacks {len(absent)} of the weights that its config.json calls for, such as "
            f"{absent[0]:.80}: fetch the model again"
        )
    return module.eval()


def _export(module: Any, row: Component, job: ConvertJob) -> None:
    """Write IR, reference and config.json of one component."""
    import torch

    folder = Path(job.model, row.name)
    folder.mkdir()
    if row.all_layers:
        module.config.output_hidden_states = True
    _write_config(module, row, folder)
    _arrange(module, row, Path(job.source))
    inputs = row.check_inputs(module.config if row.library == "diffusers" else module.config.to_dict())
    target = Path(job.work, row.name)
    target.mkdir()
    try:
        with torch.no_grad():
            tensors = {name: torch.from_numpy(array) for name, array in inputs.items()}
            outputs = module(**forward_arguments(tensors))
        answers = [item.numpy() for item in _answers(outputs, row)]
        save_reference(Path(job.work, f"{row.name}.npz"), inputs, answers)
        del outputs, answers, tensors
        return_memory()
        if isinstance(row.exporter, OptimumExporter):
            options = runtime_options(row, module.config, job.scheduler_config)
            export_by_optimum(module, row.exporter, target / XML_NAME, options)
        else:
            export_by_tracing(module, row.exporter, inputs, target / XML_NAME)
    except _EXPORTING_FAULTS as error:
        free = shutil.disk_usage(target).free >> 20
        raise ExportError(
            f"{row.name} could not be exported ({_first_line(error)}; {free} MB of disk are free): "
            "check the source and the free space"
        ) from error


def _answers(outputs: Any, row: Component) -> list[Any]:
    """Return the tensors that the IR will give, in order."""
    if isinstance(row.exporter, Tracer):
        return list(row.exporter.answers(outputs).values())
    answers: list[Any] = []
    for value in outputs.values():
        # The layers of a text encoder. Of the last one an export holds the normalised form; nobody takes it.
        answers += value[:-1] if isinstance(value, tuple) else [value]
    return answers


def _arrange(module: Any, row: Component, source: Path) -> None:
    """Set what optimum-intel's configuration reads, and make `forward` the part that is exported."""
    if row.name == CHECKER:
        give_scores(module)
    if not isinstance(row.exporter, OptimumExporter):
        return
    if row.exporter.export_type == "vae-encoder":
        module.forward = lambda sample: {"latent_parameters": module.encode(x=sample).latent_dist.parameters}
    elif row.exporter.export_type == "vae-decoder":
        module.forward = lambda latent_sample: module.decode(z=latent_sample)
    elif row.exporter.export_type == "unet":
        text_encoder = json.loads((source / "text_encoder" / "config.json").read_text(encoding="utf-8"))
        module.config.model_max_length = text_encoder.get("max_position_embeddings", 77)
        module.config.requires_aesthetics_score = False
        # Of what is traced; the IR takes any size. SDXL's own 128 takes gigabytes more.
        module.config.sample_size = _TRACED_SIDE
        if module.config.get("addition_embed_type") == "text_time":
            module.config.text_encoder_projection_dim = pooled_width(module.config)


def _write_config(module: Any, row: Component, folder: Path) -> None:
    """Write config.json as optimum-intel does, without the path that the source had on this machine."""
    if row.library == "diffusers":
        module.save_config(folder)
    else:
        if isinstance(row.exporter, OptimumExporter):
            module.config.export_model_type = row.exporter.export_type
        module.config.save_pretrained(folder)
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config.pop("_name_or_path", None)
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


@contextmanager
def _offline() -> Iterator[None]:
    """Nothing is fetched, since the source is local, and nothing reported about the run."""
    before = dict(os.environ)
    os.environ.update(_OFFLINE)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _class_of(row: Component) -> Any:
    """Return the class of a component, which its library imports when it is asked for."""
    import diffusers
    import transformers

    if row.name == CHECKER:
        from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

        return StableDiffusionSafetyChecker
    return getattr({"diffusers": diffusers, "transformers": transformers}[row.library], row.class_name)


def _import_libraries(job: ConvertJob) -> None:
    for row in job.rows:  # what is asked for is what they import
        _class_of(row)
        if isinstance(row.exporter, OptimumExporter):
            import optimum.exporters.openvino
            import optimum.intel  # noqa: F401
    if job.text_encoders:
        import openvino_tokenizers  # noqa: F401


def _quieten_libraries() -> None:
    import diffusers
    import transformers

    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]:.200}"
