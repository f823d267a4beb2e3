"""Open a model, hold its components, and turn requests into pictures."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from runtime.backends.base import Shape
from runtime.backends.compiled_cache import CompiledCache
from runtime.control_plan import ControlShelf, verify_all
from runtime.devices import list_devices, nvidia_driver_present, pytorch_installed
from runtime.errors import InvalidRequest, ModelFolderError
from runtime.known_files import FILE_NAME, KnownFiles
from runtime.model_folder import ModelFolder
from runtime.models import find_model
from runtime.placement import UNCONDITIONAL, Placement, names_pytorch, resolve_placement
from runtime.places import BUNDLED_MODELS as BUNDLED_MODELS
from runtime.places import CHECKOUT as CHECKOUT
from runtime.places import data_folder as data_folder
from runtime.prompt_cache import PromptCache
from runtime.prompt_syntax import is_short
from runtime.request import Request
from runtime.tasks import require_task

if TYPE_CHECKING:
    from runtime.backends.openvino import OpenVinoBackend
    from runtime.backends.pytorch import PyTorchBackend
    from runtime.generation import Generation
    from runtime.tokenizer import ClipTokenizer

MEASURED = "auto:measured"
OnPhase = Callable[[str], None]


def open_pipeline(
    model: str | Path = "demo-scenes",
    *,
    device: str = "auto",
    data_dir: str | Path | None = None,
    execution_precision: str | None = None,
    guidance: str | None = None,
    cache: bool = True,
    request: Request | None = None,
    tuning: tuple[str, ...] = (),
    on_phase: OnPhase | None = None,
) -> "Pipeline":
    """Open a model by name or folder on a device or placement.

    `tuning` names what PyTorch does for speed (channels_last, compile, ipex); none by default.
    `execution_precision` (f32, f16, bf16) overrides what each device computes in; `guidance` (batch,
    sequential, parallel) how the halves of guidance share one. `cache` keeps compiled models in the data
    folder. Device "auto:measured" times what is there, unless it is remembered, for pictures like that of
    `request` (a guided one of the model's own size by default); `on_phase` hears of it. Raises
    ModelFolderError for a folder that cannot be used, DeviceError for a device that is not there,
    InvalidRequest for a placement that cannot be read, or a `guidance` that it does not have.
    """
    data = data_folder(data_dir)
    folder = find_model(model, data, BUNDLED_MODELS)
    if cache:
        folder.known_files = KnownFiles(data / "cache" / FILE_NAME)
    if device.strip().lower() == MEASURED:
        remembered = data / "cache" / "measured" if cache else None
        placement = _measure(folder, request, remembered, execution_precision, on_phase)
    else:
        placement = _place(folder, device)
    if guidance is not None:
        placement = _with_guidance(placement, guidance)
    return Pipeline(
        folder,
        placement,
        cache=CompiledCache(data / "cache" / "compiled") if cache else None,
        execution_precision=execution_precision,
        tuning=tuning,
        data=data,
    )


class Pipeline:
    """A model on its devices; a context manager, good for any number of requests one after the other.

    Hashing of the model's files begins at once and ends before the first output.
    """

    def __init__(
        self,
        model: ModelFolder,
        placement: Placement,
        *,
        cache: CompiledCache | None = None,
        execution_precision: str | None = None,
        tuning: tuple[str, ...] = (),
        data: Path | None = None,
    ) -> None:
        self.model = model
        self.placement = placement
        self.prompts = PromptCache()  # what was encoded
        self._shelf = ControlShelf(model, data or data_folder(), model.known_files)
        self._backend = _backend(model, placement, cache, execution_precision, tuning)  # may refuse
        self._checker = ThreadPoolExecutor(1, thread_name_prefix="verify")
        self._verified: Future[None] = self._checker.submit(model.verify)

    def __enter__(self) -> "Pipeline":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the devices and the memory."""
        self._checker.shutdown(wait=True, cancel_futures=True)
        self._backend.__exit__(None, None, None)

    def prepare(self, request: Request) -> None:
        """Begin to load and compile what a request needs, and return at once.

        Raises InvalidRequest when the model cannot do the task, or when it will not fit in memory.
        """
        resolved = self._resolve(request)
        require_task(self.model, request.task)
        shape = resolved.shape(min(resolved.batch_size, resolved.count))
        clip_skip = self.model.clip_skip(resolved.clip_skip)
        shape = replace(shape, chunks=self._chunks(resolved), clip_skip=clip_skip)
        self._backend.load(self._shelf.plan(resolved).shape(shape), resolved.networks)

    def generate(self, request: Request, *, on_phase: OnPhase | None = None) -> "Generation":
        """Check the request against the model and return a Generation to iterate or drain.

        `on_phase` hears "compiling", "encoding the prompt", "denoising", "decoding". Raises InvalidRequest
        before anything is computed for a prompt, size or sampler that the model cannot do.
        """
        # Imported here, so that a device that `prepare` started compiles while Python loads the rest.
        from runtime.generation import Generation, Loaded
        from runtime.recipes import check_recipe
        from runtime.schedulers import choose_sampler

        resolved = self._resolve(request)
        check_recipe(self.model, resolved)
        self._check(resolved)
        controls = self._shelf.plan(resolved)
        nets_verified = self._checker.submit(verify_all, controls.nets)
        sampler = choose_sampler(resolved.sampler, resolved.schedule, self.model.sampler_config)
        sampler.build(resolved.total_steps)  # refuses a number of steps before anything is loaded
        loaded = Loaded(
            model=self.model,
            backend=self._backend,
            tokenizers=self.tokenizers,
            verified=lambda: self._wait_until_verified(nets_verified),
            prompts=self.prompts,
            controls=controls,
        )
        return Generation(loaded, resolved, sampler, on_phase or _ignore)

    def kernels(self, component: str = "unet") -> Mapping[str, int]:
        """Return how many layers of a compiled component run as each kernel, after a picture was made.

        They show which instruction set and precision ran: {"brgconv_avx512_f32": 28, ...}. {} where the
        library does not tell.
        """
        return self._backend.kernels(component)

    @cached_property
    def tokenizers(self) -> "tuple[ClipTokenizer, ...]":
        """One for each text encoder; raises ModelFolderError for one that is damaged or another model's."""
        from runtime.tokenizer import ClipTokenizer

        return tuple(
            ClipTokenizer(
                self.model.tokenizer_of(encoder),
                max_length=int(self.model.config(encoder).get("max_position_embeddings", 77)),
                vocab_size=int(self.model.config(encoder).get("vocab_size", 0)) or None,
            )
            for encoder in self.model.text_encoders
        )

    def _wait_until_verified(self, nets: Future[None]) -> None:
        """Raise what the check of the files found; only then is anything of it kept for the next start."""
        self._verified.result()
        nets.result()
        self.model.known_files.save()

    def _resolve(self, request: Request) -> Request:
        return self.model.resolve(request)

    def _chunks(self, request: Request) -> int:
        """How many chunks the prompts take; of what is plainly short without reading the tokenizer."""
        if not self.model.text_encoders or all(map(is_short, (request.prompt, request.negative_prompt))):
            return 1
        from runtime.prompt import plan_prompt

        return plan_prompt(self.tokenizers, request).count

    def _check(self, request: Request) -> None:
        factor = self.model.vae_scale_factor
        for name, value in zip(("width", "height"), request.working_size, strict=True):
            if value % factor:
                below = value - value % factor
                raise InvalidRequest(
                    f"{name} must be a multiple of {factor} for this model, got {value}: "
                    f"try {below or factor} or {below + factor}"
                )


def _place(folder: ModelFolder, device: str) -> Placement:
    """Offer the devices that can run this folder: IR on OpenVINO, source weights on PyTorch."""
    source = folder.source_path is not None
    wants_pytorch = names_pytorch(device) or folder.kind == "diffusers"
    if device.strip().lower() == "auto" and source and pytorch_installed() and nvidia_driver_present():
        wants_pytorch = True
    devices = list_devices(pytorch=wants_pytorch)
    if folder.kind == "diffusers":
        if not names_pytorch(device) and device.strip().lower() != "auto":
            raise ModelFolderError(
                f"{folder.path} holds source weights, which run on PyTorch devices only: "
                f"make it an OpenVINO model with `python launch.py optimize {folder.path}`"
            )
        devices = tuple(d for d in devices if d.backend == "pytorch")
    return resolve_placement(device, devices)


def _with_guidance(placement: Placement, guidance: str) -> Placement:
    """Let both halves run so; raises InvalidRequest where they cannot."""
    placed = replace(placement, guidance=guidance)
    if UNCONDITIONAL in placement.devices:
        raise InvalidRequest(
            f"guidance {guidance!r} is for halves that share a device, and {UNCONDITIONAL} has its own: "
            "leave one of the two out"
        )
    if placement.backend == "pytorch" and guidance != "batch":
        raise InvalidRequest(
            f"guidance {guidance!r} is for OpenVINO devices, and {placement.devices['unet'].id} runs both "
            "halves as a batch: leave it out"
        )
    return placed


def _measure(
    folder: ModelFolder,
    request: Request | None,
    remembered: Path | None,
    precision: str | None,
    on_phase: OnPhase | None,
) -> Placement:
    """Choose among OpenVINO's devices; a size that the model cannot do is refused later, by the request."""
    from runtime.backends.openvino_choice import measured_placement
    from runtime.measured import Memory

    if folder.kind == "diffusers":
        raise ModelFolderError(
            f"{folder.path} holds source weights, and {MEASURED} times OpenVINO's devices: "
            f"make it an OpenVINO model with `python launch.py optimize {folder.path}`"
        )
    width, height = folder.default_width, folder.default_height
    shape = Shape(batch=1, height=height, width=width, guided=folder.takes_guidance)
    if request is not None:
        asked = folder.resolve(request).shape(1)
        if not (asked.width % folder.vae_scale_factor or asked.height % folder.vae_scale_factor):
            shape = replace(asked, guided=asked.guided and shape.guided, halves=False, reuses=False)
    return measured_placement(
        folder,
        list_devices(pytorch=False),
        shape,
        memory=Memory(remembered) if remembered is not None else None,
        precision=precision,
        on_phase=on_phase,
    )


def _backend(
    model: ModelFolder,
    placement: Placement,
    cache: CompiledCache | None,
    execution_precision: str | None,
    tuning: tuple[str, ...],
) -> "OpenVinoBackend | PyTorchBackend":
    if placement.backend == "pytorch":
        from runtime.backends.pytorch import PyTorchBackend

        return PyTorchBackend(model, placement, execution_precision=execution_precision, tuning=tuning)
    if tuning:
        raise InvalidRequest(
            f"tuning {', '.join(tuning)} is for PyTorch devices, and the placement is {placement}: "
            "leave it out, or choose --device pytorch-cpu or cuda"
        )
    from runtime.backends.openvino import OpenVinoBackend

    return OpenVinoBackend(model, placement, cache=cache, execution_precision=execution_precision)


def _ignore(phase: str) -> None:
    """Nobody listens."""
