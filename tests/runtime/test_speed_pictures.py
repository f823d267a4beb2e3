"""Pictures with work left out: through every task, mode and size, and what is refused."""

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13

from runtime import ImageToImage, Inpaint, InvalidRequest, TextToImage, Unconditional, Upscale, open_pipeline
from runtime.backends.openvino_reuse import KEEPS, OUTER, PARTS
from runtime.pipeline import Pipeline
from runtime.request import Request
from tests.measures import psnr
from tests.models import DEMO_MODEL
from tests.parity.task_requests import picture
from tests.runtime.broken_device import BrokenCore, Fault, installed

PROMPT = "a red house under a night sky"


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    with open_pipeline(DEMO_MODEL, device="cpu", data_dir=tmp_path_factory.mktemp("data")) as pipeline:
        yield pipeline


def made(pipeline: Pipeline, request: Request) -> tuple[np.ndarray, tuple[int, int]]:
    result = pipeline.generate(request).result()
    return np.asarray(result.images[0]), (result.timings.unet_calls, result.timings.unet_shallow_calls)


def text(**fields: object) -> TextToImage:
    return TextToImage(prompt=PROMPT, seed=3, num_inference_steps=6, guidance_scale=5.0, **fields)  # type: ignore[arg-type]


def test_every_step_whole_is_exact_to_the_bit(scenes: Pipeline) -> None:
    exact, calls = made(scenes, text())
    assert calls == (6, 0)
    for fields in ({"reuse": 1}, {"reuse": "1-1"}, {"speed": "fast", "reuse": 1, "guidance_interval": "0,1"}):
        np.testing.assert_array_equal(made(scenes, text(**fields))[0], exact)


def test_a_unet_that_keeps_its_feature_predicts_the_same_to_the_bit(scenes: Pipeline) -> None:
    # Whole for as long as there are steps but the last: up to there the latents are those of exact.
    exact = [step.latents for step in scenes.generate(text())]
    kept = [step.latents for step in scenes.generate(text(reuse=[1, 2, 3, 4, 5]))]
    for ours, right in zip(kept[:5], exact[:5], strict=True):
        np.testing.assert_array_equal(ours, right)
    assert not np.array_equal(kept[5], exact[5])


@pytest.mark.parametrize(
    ("fields", "calls"),
    [
        ({"reuse": 2}, (6, 3)),
        pytest.param({"reuse": "2-4", "count": 2, "batch_size": 2}, (6, 3), marks=pytest.mark.campaign),
        pytest.param({"reuse": 3, "width": 136, "height": 200}, (6, 4), marks=pytest.mark.campaign),
        ({"guidance_interval": "0,0.5"}, (6, 0)),
        ({"guidance_interval": "0.4,0.8", "reuse": 2}, (6, 2)),
        ({"speed": "fast", "sampler": "Heun"}, None),
    ],
)
def test_text_to_image_is_near_exact(
    scenes: Pipeline, fields: dict[str, object], calls: tuple[int, int] | None
) -> None:
    neutral = {"reuse": None, "guidance_interval": None, "speed": "exact"}
    exact, _ = made(scenes, text(**{**fields, **neutral}))
    ours, counted = made(scenes, text(**fields))
    assert calls is None or counted == calls
    assert 18 < psnr(ours, exact) < 90


def test_image_to_image_inpainting_and_large_upscaling(scenes: Pipeline, tmp_path: Path) -> None:
    image = picture((136, 128))
    mask = picture((136, 128)).convert("L").point(lambda level: 255 * (level > 120))
    common = {"prompt": PROMPT, "seed": 3, "num_inference_steps": 8, "guidance_scale": 5.0}
    less = {"reuse": 2, "guidance_interval": "0,0.5"}
    for kind, more in ((ImageToImage, {"strength": 0.5}), (Inpaint, {"mask": mask})):
        exact, _ = made(scenes, kind(image=image, **common, **more))
        ours, (calls, shallow) = made(scenes, kind(image=image, **common, **more, **less))
        steps = 4 if kind is ImageToImage else 8
        assert (calls, shallow) == (steps, steps // 2)
        assert 18 < psnr(ours, exact) < 90
    for model, request in (
        ("demo-inpaint", Inpaint(image=image, mask=mask, **common, reuse=2)),
        ("demo-upscale", Upscale(image=image, seed=3, num_inference_steps=4, tile=256, reuse=2)),
        ("demo-butterflies", Unconditional(seed=3, num_inference_steps=4, reuse=2)),
    ):
        with open_pipeline(model, device="cpu", data_dir=tmp_path) as pipeline:
            exact, (calls, _) = made(pipeline, type(request)(**_exact(request)))
            ours, counted = made(pipeline, request)
            assert counted == (calls, calls // 2)
            assert 15 < psnr(ours, exact) < 90


def _exact(request: Request) -> dict[str, object]:
    fields = {name: getattr(request, name) for name in request.field_names()}
    return fields | {"speed": "exact", "reuse": None, "guidance_interval": None}


@pytest.mark.parametrize("guidance", ["sequential", "parallel"])
def test_other_modes_of_guidance_give_the_same_picture(scenes: Pipeline, guidance: str) -> None:
    request = text(reuse=2, guidance_interval="0,0.6")
    right, calls = made(scenes, request)
    with open_pipeline(DEMO_MODEL, device="cpu", guidance=guidance, cache=False) as pipeline:
        ours, counted = made(pipeline, request)
    assert counted == calls
    assert psnr(ours, right) > 70


def test_two_devices_for_the_halves_are_refused() -> None:
    place = "unet=cpu,unet_unconditional=cpu"
    with (
        open_pipeline(DEMO_MODEL, device=place, cache=False) as pipeline,
        pytest.raises(InvalidRequest, match="both halves of guidance on one device"),
    ):
        pipeline.generate(text(reuse=2)).result()


@pytest.mark.parametrize(("kind", "first"), [("noise", 0), ("nan", 1), ("throws", 2)])
def test_a_device_that_breaks_is_left_and_the_picture_is_right(
    kind: str, first: int, scenes: Pipeline
) -> None:
    # 0 and 2 are whole, 1 is not: it is made again elsewhere, on the feature that the device had kept.
    request = text(reuse=2)
    right, _ = made(scenes, request)
    core = BrokenCore(faults=(Fault(component="unet", kind=kind, first=first),))
    with installed(core), open_pipeline(DEMO_MODEL, device="igpu", cache=False) as pipeline:
        result = pipeline.generate(request).result()
    assert core.broke > 0
    assert any("the unet on igpu" in warning for warning in result.warnings)
    assert result.placement["unet"].device == "cpu"
    assert "unet_shallow" not in result.placement
    assert psnr(np.asarray(result.images[0]), right) > 35


def network(*, strided: bool = False, joined: bool = True, levels: int = 2) -> ov.Model:
    """A graph that is like a UNet but for one thing."""

    def convolution(value: ov.Output, channels: int, stride: int = 1) -> ov.Output:
        kernel = opset13.constant(np.full((channels, value.get_shape()[1], 3, 3), 0.01, np.float32))
        return opset13.convolution(value, kernel, [stride] * 2, [1, 1], [1, 1], [1, 1]).output(0)

    sample = opset13.parameter([1, 4, 8, 8], ov.Type.f32)
    sample.output(0).set_names({"sample"})
    skip = convolution(sample.output(0), 8)
    deep = convolution(convolution(skip, 8, 2), 8)
    if levels > 1:
        sizes = np.array([8, 8], np.int64)
        axes = np.array([2, 3], np.int64)
        deep = opset13.interpolate(deep, sizes, "nearest", "sizes", axes=axes).output(0)
    else:
        deep = convolution(convolution(skip, 8), 8)
    if strided:
        skip = deep
    joint = opset13.concat([deep, skip], 1).output(0) if joined else opset13.add(deep, skip).output(0)
    result = opset13.result(convolution(joint, 4))
    result.output(0).set_names({"out_sample"})
    return ov.Model([result], [sample], "like a UNet")


def test_a_graph_like_a_unet_is_taken_apart() -> None:
    core, sample = ov.Core(), np.random.default_rng(0).standard_normal((1, 4, 8, 8), np.float32)
    right = core.compile_model(network(), "CPU")({"sample": sample})[0]
    kept = core.compile_model(PARTS[KEEPS](network(), "it"), "CPU")({"sample": sample})
    outer = core.compile_model(PARTS[OUTER](network(), "it"), "CPU")
    assert len(outer.inputs) == 2
    ours = outer({"sample": sample, "deep_feature": kept["deep_feature"]})[0]
    np.testing.assert_array_equal(kept["out_sample"], right)
    np.testing.assert_allclose(ours, right, atol=1e-6)


@pytest.mark.parametrize("part", [KEEPS, OUTER])
@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"joined": False}, "no skip connection"),
        ({"strided": True}, "from the depths too"),
        ({"levels": 1}, "a single level"),
    ],
)
def test_another_graph_is_refused_in_a_sentence(change: dict[str, object], fault: str, part: str) -> None:
    with pytest.raises(InvalidRequest, match=fault) as refused:
        PARTS[part](network(**change), "the UNet of odd")  # type: ignore[arg-type]
    assert str(refused.value).startswith("the UNet of odd cannot reuse features (")
    assert "use --speed exact" in str(refused.value)
