"""A generation over components that are not there: steps, cancelling, previews, what is never saved."""

from collections.abc import Iterator, Mapping
from types import TracebackType

import numpy as np
import pytest

from runtime import InvalidRequest, ModelFolderError, NonFiniteError, TextToImage
from runtime.arrays import Array, IntArray
from runtime.backends.base import Conditioning, ExecutedOn, PromptEmbeds, Shape
from runtime.denoise import denoise
from runtime.generation import Generation, Loaded
from runtime.model_folder import ModelFolder
from runtime.schedulers import build_scheduler, choose_sampler
from runtime.timings import Timings
from runtime.tokenizer import ClipTokenizer
from tests.models import DEMO_MODEL


class FakeComponents:
    """Networks of one line each; `bad_call` is the UNet call that answers with NaN."""

    def __init__(self, shape: Shape, bad_call: int | None, bad_decoder: bool) -> None:
        self.shape = shape
        self.calls = 0
        self.decoded = 0
        self._bad_call = bad_call
        self._bad_decoder = bad_decoder

    placement: Mapping[str, ExecutedOn] = {"unet": ExecutedOn(device="fake", name="Fake", precision="f32")}

    def wait(self, timings: Timings) -> None:
        """Nothing to wait for."""

    def text_encoder(self, input_ids: IntArray) -> PromptEmbeds:
        return PromptEmbeds(hidden=np.zeros((*input_ids.shape, 8), np.float32))

    def unet(self, sample: Array, timestep: float, conditioning: Conditioning) -> Array:
        self.calls += 1
        return np.full_like(sample, np.nan) if self.calls == self._bad_call else sample * np.float32(0.1)

    def vae_decoder(self, latents: Array) -> Array:
        self.decoded += 1
        picture = np.repeat(np.repeat(latents[:, :3], 8, axis=2), 8, axis=3)
        return picture * np.float32(np.inf) if self._bad_decoder else picture

    def vae_encoder(self, pixels: Array) -> tuple[Array, Array]:
        raise AssertionError("text to image never encodes")


class FakeBackend:
    def __init__(self, bad_call: int | None = None, bad_decoder: bool = False) -> None:
        self.made: list[FakeComponents] = []
        self.kept = 0
        self._faults = (bad_call, bad_decoder)

    def __enter__(self) -> "FakeBackend":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to release."""

    def load(self, shape: Shape) -> FakeComponents:
        self.made.append(FakeComponents(shape, *self._faults))
        return self.made[-1]

    def keep(self) -> None:
        self.kept += 1


MODEL = ModelFolder(DEMO_MODEL)
TOKENIZER = ClipTokenizer(MODEL.tokenizer_dir)


def generation(request: TextToImage, backend: FakeBackend, verified: object = None) -> Generation:
    loaded = Loaded(
        model=MODEL,
        backend=backend,
        tokenizer=TOKENIZER,
        verified=verified or (lambda: None),  # type: ignore[arg-type]
    )
    sampler = choose_sampler(request.sampler, request.schedule, MODEL.scheduler_config)
    return Generation(loaded, request.resolved(width=128, height=64), sampler, lambda phase: None)


@pytest.mark.parametrize(
    ("sampler", "evaluations"), [("Euler", 6), ("PLMS", 7), ("Heun", 11), ("DPM2", 11), ("DPM++ 2M", 6)]
)
def test_steps_asked_are_steps_shown_whatever_they_evaluate(sampler: str, evaluations: int) -> None:
    backend = FakeBackend()
    running = generation(TextToImage(prompt="a", sampler=sampler, num_inference_steps=6), backend)
    assert [(step.index, step.total) for step in running] == [(i, 6) for i in range(6)]
    assert backend.made[0].calls == evaluations
    assert running.result().timings.evaluations_per_step == evaluations / 6


def test_batches_hold_what_was_asked_and_the_rest() -> None:
    backend = FakeBackend()
    result = generation(TextToImage(count=5, batch_size=2, seed=10, num_inference_steps=2), backend).result()
    assert [components.shape.batch for components in backend.made] == [2, 2, 1]
    assert result.seeds == (10, 11, 12, 13, 14)
    assert all(image.size == (128, 64) for image in result.images)
    assert "Seed: 13" in result.pictures[3].infotext
    assert backend.kept == 3


def test_cancelling_stops_at_the_next_step_and_keeps_finished_pictures() -> None:
    backend = FakeBackend()
    running = generation(TextToImage(count=3, num_inference_steps=4), backend)
    for seen, _ in enumerate(running, start=1):
        if seen == 6:
            running.cancel()
    result = running.result()
    assert seen == 6
    assert result.cancelled
    assert len(result.pictures) == 1
    assert backend.made[1].decoded == 0


def test_a_preview_is_a_small_picture_of_the_running_latents() -> None:
    running = generation(TextToImage(num_inference_steps=3), FakeBackend())
    with pytest.raises(InvalidRequest, match="before the first step"):
        running.preview()
    seen = []
    for _ in running:
        seen.append(running.preview())
    assert [image.size for image in seen] == [(16, 8)] * 3
    assert seen[0].tobytes() != seen[2].tobytes()


@pytest.mark.parametrize("bad_call", [1, 3])
def test_a_step_that_is_not_a_number_makes_no_picture(bad_call: int) -> None:
    backend = FakeBackend(bad_call=bad_call)
    running = generation(TextToImage(sampler="Euler", num_inference_steps=4), backend)
    with pytest.raises(NonFiniteError, match=f"step {bad_call} of 4"):
        running.result()
    assert running.pictures == []
    assert backend.kept == 0


def test_a_decoder_that_overflows_makes_no_picture() -> None:
    running = generation(TextToImage(num_inference_steps=2), FakeBackend(bad_decoder=True))
    with pytest.raises(NonFiniteError, match="VAE decoder"):
        running.result()
    assert running.pictures == []


@pytest.mark.parametrize("bad_call", [None, 1])
def test_a_damaged_file_is_reported_before_the_first_step_is_shown(bad_call: int | None) -> None:
    """Also when the first step itself fails, which the damage explains."""

    def damaged() -> None:
        raise ModelFolderError("unet/openvino_model.bin is damaged")

    running = generation(TextToImage(num_inference_steps=2), FakeBackend(bad_call=bad_call), damaged)
    with pytest.raises(ModelFolderError, match="is damaged"):
        next(iter(running))


def test_the_loop_starts_anywhere_and_blends_after_each_evaluation() -> None:
    scheduler = build_scheduler("Euler", None, MODEL.scheduler_config, 5)
    blended: list[int] = []

    def blend(latents: Array, i: int) -> Array:
        blended.append(i)
        return latents

    def run() -> Iterator[int]:
        start = np.ones((1, 4, 8, 8), np.float32)
        for step in denoise(
            lambda sample, timestep, i: sample,
            scheduler,
            start,
            noise=lambda: start,
            start=2,
            after_step=blend,
        ):
            yield step.index
            assert step.total == 3

    assert list(run()) == [0, 1, 2]
    assert blended == [2, 3, 4]
