"""A generation over components that are not there: steps, cancelling, previews, what is never saved."""

from collections.abc import Iterator

import numpy as np
import pytest

from runtime import InvalidRequest, ModelFolderError, NonFiniteError, TextToImage
from runtime.arrays import Array
from runtime.denoise import denoise
from runtime.schedulers import build_scheduler
from tests.runtime.fake_networks import DEMO, FakeBackend, generation


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
    scheduler = build_scheduler("Euler", None, DEMO.sampler_config, 5)
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
