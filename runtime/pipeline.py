"""Open a model, hold its components, and turn requests into pictures."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from runtime.adapters.library import AdapterLibrary
from runtime.backends.compiled_cache import CompiledCache
from runtime.control_plan import ControlShelf, verify_all
from runtime.errors import InvalidRequest
from runtime.known_files import FILE_NAME, KnownFiles
from runtime.model_folder import ModelFolder
from runtime.models import find_model
from runtime.place_model import MEASURED, OnPhase, measure_place, place_model, share_guidance
from runtime.placement import Placement
from runtime.places import BUNDLED_MODELS as BUNDLED_MODELS
from runtime.places import CHECKOUT as CHECKOUT
from runtime.places import data_folder as data_folder
from runtime.prompt_cache import PromptCache
from runtime.prompt_syntax import is_short
from runtime.request import Request
from runtime.tasks import require_task

if TYPE_CHECKING:
    from runtime.adapters.choice import Chooser
    from runtime.backends.openvino import OpenVinoBackend
    from runtime.backends.pytorch import PyTorchBackend
    from runtime.generation import Generation
    from runtime.tokenizer import ClipTokenizer


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
    lora_files: Sequence[Path] = (),
    on_phase: OnPhase | None = None,
) -> "Pipeline":
    """Open a model by name or folder on a device or placement.

    `lora_files` can be named in prompts beside those of the folders (docs/adapters.md).

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
        placement = measure_place(folder, request, remembered, execution_precision, on_phase)
    else:
        placement = place_model(folder, device)
    if guidance is not None:
        placement = share_guidance(placement, guidance)
    return Pipeline(
        folder,
        placement,
        cache=CompiledCache(data / "cache" / "compiled") if cache else None,
        execution_precision=execution_precision,
        tuning=tuning,
        data=data,
        library=AdapterLibrary(data, lora_files),
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
        library: AdapterLibrary | None = None,
    ) -> None:
        self.model = model
        self.placement = placement
        self.prompts = PromptCache()  # what was encoded
        self._shelf = ControlShelf(model, data or data_folder(), model.known_files)
        self._library = library or AdapterLibrary(data or data_folder())
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
        shape = replace(shape, adapters=self.chooser.choose(resolved).adapters)
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
            choice=self.chooser.choose(resolved),
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

    @cached_property
    def chooser(self) -> "Chooser":
        """What finds the LoRAs and embeddings that a request names."""
        from runtime.adapters.choice import Chooser

        return Chooser(
            self.model, self._library, layers_of=self._backend.layers, tokenizers=lambda: self.tokenizers
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
