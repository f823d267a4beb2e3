"""The seam between the loop and a device: four callables over host arrays, and the backend making them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from runtime.adapters.changes import NOTHING, Adapters
from runtime.arrays import Array, IntArray
from runtime.timings import Timings

if TYPE_CHECKING:
    from runtime.controlnet_folder import ControlNetFolder


@dataclass(frozen=True, kw_only=True)
class PromptEmbeds:
    """What prompts become: `hidden` (B, 77 * chunks, D), and for SDXL `pooled` (B, P)."""

    hidden: Array
    pooled: Array | None = None


@dataclass(frozen=True, kw_only=True)
class Conditioning:
    """What the UNet is conditioned on besides the timestep; batches run unconditional first.

    Where `whole` is False only the outermost layers run, on the deep features that the last whole call left
    at this `tile`; those of a guided call serve an unguided one.
    """

    encoder_hidden_states: Array | None  # (B, T, D), None for an unconditional model
    extra: Mapping[str, Array] = field(
        default_factory=dict
    )  # further named inputs: class_labels, time_ids, ...
    whole: bool = True
    tile: int = 0  # of a picture that is made in tiles


class TextEncoder(Protocol):
    """(B, 77) int64 token ids to prompt embeddings."""

    def __call__(self, input_ids: IntArray) -> PromptEmbeds:
        """Return the embeddings of each row."""
        ...


class UNet(Protocol):
    """Predicts the noise (or v, or the sample) in a latent."""

    def __call__(self, sample: Array, timestep: float, conditioning: Conditioning) -> Array:
        """(B, C, h, w) to (B, C', h, w)."""
        ...


class VaeDecoder(Protocol):
    """Latents, already divided by the scaling factor, to pixels."""

    def __call__(self, latents: Array) -> Array:
        """(B, 4, h, w) to (B, 3, 8h, 8w) in [-1, 1], not clipped."""
        ...


class VaeEncoder(Protocol):
    """Pixels to the posterior over latents, not yet multiplied by the scaling factor."""

    def __call__(self, pixels: Array) -> tuple[Array, Array]:
        """(B, 3, H, W) in [-1, 1] to mean and standard deviation, each (B, 4, H/8, W/8)."""
        ...


class DepthEstimator(Protocol):
    """Normalised pixels to inverse depth: larger is nearer."""

    def __call__(self, pixels: Array) -> Array:
        """(1, 3, S, S) to (1, s, s)."""
        ...


class SafetyChecker(Protocol):
    """A picture, as CLIP sees it, to how near it is to each concept, less the concept's threshold."""

    def __call__(self, pixels: Array) -> Array:
        """(1, 3, S, S) to (1, 20)."""
        ...


@dataclass(frozen=True, kw_only=True)
class ExecutedOn:
    """What a component really runs on, read back from the compiled model."""

    device: str  # user-facing name: cpu, igpu, gpu, npu, cuda, pytorch-cpu
    name: str  # full device name
    precision: str  # f32, f16, bf16


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The sizes a set of components is prepared for, and what is added to them."""

    batch: int  # pictures at once; guidance doubles it inside
    height: int  # pixels
    width: int  # pixels
    guided: bool = True
    chunks: int = 1  # of each prompt: what a text encoder reads at once
    clip_skip: int = 1  # which layer of the text encoder is read, from the last; 1 is the last
    halves: bool = False  # some calls have the conditional half of guidance alone: B rows, not 2B
    reuses: bool = False  # some calls reuse the deep features of another
    controls: "tuple[ControlNetFolder, ...]" = ()  # the ControlNets that the UNet listens to
    adapters: Adapters = NOTHING  # LoRAs and embeddings beside the model's own weights


@dataclass(frozen=True, kw_only=True)
class Peak:
    """What a CPU was measured to do at its best."""

    gflops: Mapping[str, float]  # precision -> 10**9 operations a second; int8 counts integer operations
    gigabytes_per_second: float  # to and from memory


@dataclass(frozen=True, kw_only=True)
class Device:
    """One device that can be chosen on this machine."""

    id: str  # user-facing name: cpu, igpu, gpu, npu, cuda, mps, pytorch-cpu
    backend: str  # openvino or pytorch
    native: str  # what the library calls it: CPU, GPU.0, cuda:0
    name: str  # full name
    kind: str  # cpu, integrated gpu, discrete gpu, npu, cuda gpu
    driver: str
    precisions: tuple[str, ...]  # those that execute
    memory_bytes: int | None  # for a CPU, and most integrated GPUs, the machine's
    cores: int | None = (
        None  # a CPU's physical cores, a GPU's execution units or multiprocessors, an NPU's tiles
    )
    logical_cores: int | None = None  # of a CPU
    architecture: str = ""  # as the library tells it
    features: tuple[str, ...] = ()  # of a CPU: the instructions that matter here (avx2, avx512_vnni, ...)
    peak: Peak | None = None  # of a CPU, where it was measured


class Components(Protocol):
    """The networks of one model at one shape; each is loaded when it is first needed."""

    @property
    def shape(self) -> Shape:
        """The sizes they were loaded for."""
        ...

    @property
    def placement(self) -> Mapping[str, ExecutedOn]:
        """What each loaded component really runs on."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the backend did otherwise than it was asked, a sentence each: repairs, moves."""
        ...

    @property
    def text_encoder(self) -> TextEncoder:
        """Token ids to embeddings."""
        ...

    @property
    def text_encoder_2(self) -> TextEncoder:
        """The same by the second encoder, with the pooled embeddings; raises ModelFolderError for none."""
        ...

    @property
    def unet(self) -> UNet:
        """Latents to the prediction."""
        ...

    def controlnet(
        self, number: int, sample: Array, timestep: float, conditioning: Conditioning, picture: Array
    ) -> Array:
        """Run one of the shape's ControlNets: (B, C, h, w), and (1, 3, H, W) in 0 to 1, to (B, N)."""
        ...

    @property
    def vae_decoder(self) -> VaeDecoder:
        """Latents to pixels."""
        ...

    @property
    def vae_encoder(self) -> VaeEncoder:
        """Pixels to the posterior; text to image never loads it."""
        ...

    @property
    def safety_checker(self) -> "SafetyChecker":
        """A picture to its scores; raises ModelFolderError when the model has none."""
        ...

    @property
    def depth_estimator(self) -> DepthEstimator:
        """A picture to its depth; raises ModelFolderError when the model has none."""
        ...

    def wait(self, timings: Timings) -> None:
        """Wait until what was asked for is loaded, and note how long each part took."""
        ...


class Backend(Protocol):
    """Loads the components of one model folder on one placement; a context manager."""

    def __enter__(self) -> "Backend":
        """Return itself."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release everything that was loaded."""
        ...

    def load(self, shape: Shape, networks: Sequence[str]) -> Components:
        """Begin to load the named components for a shape and return at once.

        What the model lacks is left out.
        """
        ...

    def layers(self, component: str) -> Mapping[str, tuple[int, ...]]:
        """Return the weights' shape of each layer that a LoRA may change, by its path in diffusers."""
        ...

    def keep(self) -> None:
        """Keep what was compiled for the next start; called once the model's files are known to be sound."""
        ...
