"""What every task does around the loop: sizes, what stays untouched, what the UNet is shown, cancelling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import runtime.studio
from runtime import DepthToImage, ImageToImage, Inpaint, Outpaint, TextToImage, Unconditional, Upscale
from runtime.denoise import denoise
from runtime.recipes import RECIPES
from runtime.recipes.outpaint import join
from runtime.request import Request
from tests.runtime.fake_networks import (
    DEPTH,
    INPAINTING,
    PIXELS,
    PLAIN,
    UPSCALER,
    FakeBackend,
    FakeModel,
    generation,
)

STEPS = 4


def picture(width: int, height: int, seed: int = 0) -> Image.Image:
    draw = np.random.default_rng(seed)
    return Image.fromarray(draw.integers(0, 256, (height, width, 3), dtype=np.uint8))


def mask(width: int, height: int) -> Image.Image:
    array = np.zeros((height, width), np.uint8)
    array[height // 4 : height // 2 + 8, width // 4 : width // 2 + 8] = 255
    return Image.fromarray(array)


def each_task() -> list[tuple[Request, FakeModel]]:
    image, some = picture(72, 64), {"seed": 1, "num_inference_steps": STEPS}
    return [
        (TextToImage(prompt="a", **some), PLAIN),
        (Unconditional(**some), PIXELS),
        (ImageToImage(image=image, **some), PLAIN),
        (Inpaint(image=image, mask=mask(72, 64), **some), PLAIN),
        (Inpaint(image=image, mask=mask(72, 64), **some), INPAINTING),
        (Inpaint(image=image, mask=mask(72, 64), only_masked=True, **some), INPAINTING),
        (Outpaint(image=image, left=30, bottom=9, **some), INPAINTING),
        (Outpaint(image=image, right=40, **some), PLAIN),
        (DepthToImage(depth=image, **some), DEPTH),
        (DepthToImage(image=image, **some), DEPTH),
        (Upscale(image=image, **some), UPSCALER),
    ]


TASKS = each_task()
NAMES = [f"{request.task}-{model.unet_in_channels}-{number}" for number, (request, model) in enumerate(TASKS)]


def test_every_task_is_here() -> None:
    assert {request.task for request, _ in TASKS} == set(RECIPES)


@pytest.mark.parametrize(("request_", "model"), TASKS, ids=NAMES)
def test_every_task_goes_through_the_one_loop(
    request_: Request, model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops = []

    def counted(*args: object, **kwargs: object) -> object:
        loops.append(args)
        return denoise(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(runtime.studio, "denoise", counted)
    backend = FakeBackend(model)
    running = generation(request_, backend, model=model)
    steps = [(step.index, step.total) for step in running]
    (image,) = running.result().images
    assert len(loops) == len(steps) / request_.steps
    assert steps == [(number, len(steps)) for number in range(len(steps))]
    assert image.size == (
        running.request.picture.size if request_.task == "inpaint" else running.request.size
    )  # type: ignore[attr-defined]
    assert all(sample.shape[1] == model.unet_in_channels for sample in backend.made[0].samples)
    assert np.asarray(image).std() > 1


@pytest.mark.parametrize(("request_", "model"), TASKS, ids=NAMES)
def test_every_task_can_be_cancelled_at_its_first_step(request_: Request, model: FakeModel) -> None:
    backend = FakeBackend(model)
    running = generation(request_, backend, model=model)
    next(iter(running))
    calls = backend.made[0].calls
    running.cancel()
    result = running.result()
    assert (result.cancelled, result.pictures, backend.made[0].calls) == (True, (), calls)


@pytest.mark.parametrize(("request_", "model"), TASKS, ids=NAMES)
def test_pictures_of_a_batch_are_those_made_alone(request_: Request, model: FakeModel) -> None:
    import dataclasses

    together = dataclasses.replace(request_, count=2, batch_size=2)
    alone = dataclasses.replace(request_, seed=request_.seed + 1)
    pair = generation(together, FakeBackend(model), model=model).result()
    single = generation(alone, FakeBackend(model), model=model).result()
    np.testing.assert_array_equal(np.asarray(pair.images[1]), np.asarray(single.images[0]))


@settings(max_examples=40)
@given(
    width=st.integers(64, 140),
    height=st.integers(64, 140),
    blur=st.integers(0, 12),
    is_inpainting=st.booleans(),
    only_masked=st.booleans(),
    invert=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_inpainting_leaves_what_is_black_in_the_mask_as_it_was(
    width: int, height: int, blur: int, is_inpainting: bool, only_masked: bool, invert: bool, seed: int
) -> None:
    model = INPAINTING if is_inpainting else PLAIN
    draw = np.random.default_rng(seed)
    painted = np.zeros((height, width), np.uint8)
    y, x = draw.integers(0, height - 20), draw.integers(0, width - 20)
    painted[y : y + draw.integers(8, 90), x : x + draw.integers(8, 90)] = 255
    image = picture(width, height, seed)
    request = Inpaint(
        image=image,
        mask=Image.fromarray(255 - painted if invert else painted),
        invert_mask=invert,
        mask_blur=blur,
        only_masked=only_masked,
        padding=int(draw.integers(0, 40)),
        num_inference_steps=2,
        seed=1,
    )
    (result,) = generation(request, FakeBackend(model), model=model).result().images
    assert result.size == image.size
    before, after = np.asarray(image), np.asarray(result)
    np.testing.assert_array_equal(after[painted == 0], before[painted == 0])
    assert (after[painted > 0] != before[painted > 0]).any()


@settings(max_examples=30)
@given(
    sides=st.tuples(*[st.integers(0, 150)] * 4).filter(any),
    width=st.integers(3, 200),
    height=st.integers(3, 200),
)
def test_outpainting_keeps_every_pixel_and_paints_the_rest(
    sides: tuple[int, int, int, int], width: int, height: int
) -> None:
    left, right, top, bottom = sides
    image = picture(width, height)
    request = Outpaint(
        image=image,
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        num_inference_steps=1,
        seed=1,
        mask_blur=0,
    )
    model = INPAINTING
    running = generation(request, FakeBackend(model), model=model, size=(128, 128))
    total = next(iter(running)).total
    (result,) = running.result().images
    extended = (width + left + right, height + top + bottom)
    assert result.size == tuple(max(64, side) for side in extended)
    kept = result.crop((left, top, left + width, top + height))
    np.testing.assert_array_equal(np.asarray(kept), np.asarray(image))
    assert total <= (2 + extended[0] // 64) * (2 + extended[1] // 64)


def test_image_to_image_runs_the_share_of_the_steps_that_strength_says() -> None:
    for strength, steps in ((0.1, 1), (0.5, 5), (0.99, 9), (1.0, 10)):
        request = ImageToImage(image=picture(64, 64), strength=strength, num_inference_steps=10, seed=0)
        backend = FakeBackend(PLAIN)
        generation(request, backend, model=PLAIN).result()
        assert backend.made[0].calls == steps


def test_an_inpainting_unet_sees_latents_mask_and_masked_picture() -> None:
    image, white = picture(64, 64), np.zeros((64, 64), np.uint8)
    white[:, 32:] = 255
    request = Inpaint(image=image, mask=Image.fromarray(white), num_inference_steps=1, seed=0)
    backend = FakeBackend(INPAINTING)
    generation(request, backend, model=INPAINTING).result()
    seen = backend.made[0].samples[0]
    assert seen.shape == (2, 9, 8, 8)  # both halves of guidance
    np.testing.assert_array_equal(seen[:, 4], np.repeat([[0, 1]], 4, axis=1)[None].repeat(8, 1).repeat(2, 0))
    assert abs(seen[:, 5:, :, 4:]).max() < 0.05  # grey, but for the noise of the posterior
    assert abs(seen[:, 5:, :, :4]).max() > 0.05


def test_an_upscaler_is_told_the_noise_level_and_shown_the_picture_in_tiles() -> None:
    image = picture(80, 48)
    phases: list[str] = []
    request = Upscale(image=image, prompt="a", noise_level=7, tile=128, num_inference_steps=1, seed=0)
    backend = FakeBackend(UPSCALER)
    running = generation(request, backend, model=UPSCALER)
    running._watch.on_phase = phases.append
    (result,) = running.result().images
    made = backend.made[0]
    assert result.size == (320, 192)
    assert (made.shape.width, made.shape.height) == (128, 128)
    assert {sample.shape for sample in made.samples} == {(2, 7, 32, 32)}
    np.testing.assert_array_equal(made.conditioning[0].extra["class_labels"], [7, 7])
    assert f"denoising, tile {made.calls} of {made.calls}" in phases
    assert f"decoding, tile {made.decoded} of {made.decoded}" in phases


@given(st.integers(0, 1000), st.floats(-40, 40))
@settings(max_examples=20)
def test_joining_takes_a_step_in_the_colours_away_and_fades_out(seed: int, step: float) -> None:
    draw = np.random.default_rng(seed)
    smooth = np.linspace(60, 160, 128, dtype=np.float32)[:, None, None].repeat(96, 1).repeat(3, 2)
    known = np.zeros((128, 96), bool)
    known[:, : int(draw.integers(30, 60))] = True
    painted = smooth + np.float32(step)
    joined = join(np.round(smooth).astype(np.uint8), painted, known).astype(np.float32)
    edge = int(known[0].sum())
    assert abs(joined[:, edge : edge + 3] - smooth[:, edge : edge + 3]).max() < 1.6
    assert abs(joined[:, -1] - painted[:, -1]).max() < 1 + abs(step) * 0.75
