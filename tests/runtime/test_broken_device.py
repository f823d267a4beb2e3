"""A device that gives NaN, zeros, noise, or throws at load, at a step, at decode: no bad picture is kept."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from runtime import DeviceError, InvalidRequest, TextToImage, Unconditional, Upscale, open_pipeline
from runtime.request import Request
from tests.runtime.broken_device import LOUDER, BrokenCore, Fault, installed
from tests.runtime.broken_tries import PICTURE, Try, drawn, outcome

REQUEST = TextToImage(prompt="a boat", seed=2, num_inference_steps=4)
COVER = [  # component, kind, first, precisions, request, place, guidance, trusted
    ("unet", "nan", 2, ("f16", "f32"), "text", "cpu+igpu", None, True),
    ("unet", "zeros", 0, ("f16",), "text", "igpu", "sequential", True),
    ("unet", "noise", 2, ("f16", "f32"), "two", "igpu", None, True),
    ("unet", "noise", 0, ("f16",), "plain", "igpu", None, False),
    ("unet", "throws", 2, ("f16",), "text", "unet=igpu,unet_unconditional=cpu", None, False),
    ("unet", "refuses", 0, ("f16", "f32"), "text", "igpu", "parallel", False),
    ("vae_decoder", "noise", 0, ("f32",), "two", "igpu", None, True),
    ("text_encoder", "noise", 0, ("f16",), "plain", "igpu", None, True),
    ("vae_encoder", "scaled", 0, ("f32",), "picture", "igpu", None, True),
]
# What the unet's cases show as well.
MORE = [
    ("vae_decoder", "throws", 0, ("f32",), "text", "igpu", None, True),
    ("vae_decoder", "zeros", 0, ("f32",), "text", "igpu", None, False),
    ("text_encoder", "refuses", 0, ("f16", "f32"), "text", "igpu", None, False),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.mark.parametrize(
    "case",
    [*COVER, *(pytest.param(case, marks=pytest.mark.campaign) for case in MORE)],
    ids=lambda case: "-".join(map(str, case[:3])),
)
def test_the_picture_is_right_and_the_repair_is_named(case: tuple, data: Path) -> None:
    component, kind, first, precisions, request, place, guidance, trusted = case
    fault = Fault(component=component, kind=kind, first=first, precisions=precisions)
    found = outcome(Try(fault=fault, request=request, place=place, guidance=guidance, trusted=trusted), data)
    assert found.verdict == "repaired", found.story


def test_a_right_device_is_compared_once_and_not_again(tmp_path: Path) -> None:
    for compared in (True, False):
        with (
            installed(BrokenCore()) as core,
            open_pipeline(device="igpu", data_dir=tmp_path) as pipeline,
        ):
            result = pipeline.generate(REQUEST).result()
        assert result.warnings == ()
        assert {where.device for where in result.placement.values()} == {"igpu"}
        assert (len(core.spans) > sum(core.runs.values())) is compared
    wide = replace(REQUEST, width=192)
    with installed(BrokenCore()) as core, open_pipeline(device="igpu", data_dir=tmp_path) as pipeline:
        assert pipeline.generate(wide).result().warnings == ()
    assert set(core.references) == {"unet", "vae_decoder"}  # kernels are chosen for a size


@pytest.mark.parametrize(
    ("model", "request_"),
    [
        ("demo-butterflies", Unconditional(seed=2, num_inference_steps=4, count=2)),
        ("demo-upscale", Upscale(image=PICTURE.resize((48, 48)), tile=96, seed=2, num_inference_steps=3)),
    ],
)
def test_a_right_device_is_not_doubted_where_v_is_predicted(
    model: str, request_: Request, tmp_path: Path
) -> None:
    for compared in (True, False):
        with (
            installed(BrokenCore()) as core,
            open_pipeline(model, device="igpu", data_dir=tmp_path) as pipeline,
        ):
            assert pipeline.generate(request_).result().warnings == ()
        assert ("unet" in core.references) is compared
    assert core.references == []


def test_a_wrong_step_without_a_sign_is_found_when_the_next_one_throws(tmp_path: Path) -> None:
    with installed(BrokenCore()), open_pipeline(device="igpu", data_dir=tmp_path) as pipeline:
        pipeline.generate(REQUEST).result()
    faults = (Fault(component="unet", kind=LOUDER, first=1), Fault(component="unet", kind="throws", first=2))
    with (
        installed(BrokenCore(faults=faults)),
        open_pipeline(device="igpu", data_dir=tmp_path) as pipeline,
    ):
        running = pipeline.generate(REQUEST)
        with pytest.raises(DeviceError, match="the unet on igpu in f16 had given wrong values before"):
            running.result()
        assert running.pictures == []
        assert not pipeline._backend._compared  # type: ignore[union-attr]  # what was compared with is freed


def test_a_comparison_that_memory_does_not_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.backends.openvino.check_memory", lambda *_: None)
    monkeypatch.setattr("runtime.memory.available_bytes", lambda: 2**20)
    with (
        installed(BrokenCore()),
        open_pipeline(device="igpu", cache=False) as pipeline,
        pytest.raises(InvalidRequest, match=r"checking the text_encoder on igpu takes .* --device cpu"),
    ):
        pipeline.generate(REQUEST).result()


def test_a_component_stays_where_it_was_moved_and_every_result_says_so() -> None:
    fault = Fault(component="unet", kind="nan", precisions=("f16",))
    with (
        installed(BrokenCore(faults=(fault,))) as core,
        open_pipeline(device="igpu", cache=False) as pipeline,
    ):
        results = [pipeline.generate(REQUEST).result() for _ in range(2)]
        assert core.broke == 1
    said = "the unet on igpu in f16 gave values that are not numbers: it runs on igpu in f32 instead"
    for result in results:
        assert result.warnings == (said,)
        assert result.placement["unet"].precision == "f32"
        assert "Device: igpu, Precision: f32" in result.pictures[0].infotext


def test_noise_that_was_noticed_too_late_is_an_error_and_the_next_picture_is_right(tmp_path: Path) -> None:
    """A device that was right for years, one row, so that its first call has nothing to be compared with."""
    plain = TextToImage(prompt="a boat", seed=2, num_inference_steps=4, guidance_scale=1, sampler="Euler")
    with installed(BrokenCore()), open_pipeline(device="igpu", data_dir=tmp_path) as pipeline:
        right = pipeline.generate(plain).result()
    fault = Fault(component="unet", kind="noise", precisions=("f16", "f32"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "runtime.backends.openvino_sentinels.Sentinel.doubts",
            lambda self, *_: self.component == "unet" and core.runs["unet"] > 1,
        )
        with (
            installed(BrokenCore(faults=(fault,))) as core,
            open_pipeline(device="igpu", data_dir=tmp_path) as pipeline,
        ):
            running = pipeline.generate(plain)
            with pytest.raises(DeviceError, match="the unet on igpu in f16 had given wrong values before"):
                running.result()
            assert running.pictures == []
            again = pipeline.generate(plain).result()
    assert again.placement["unet"].device == "cpu"
    assert len(again.warnings) == 2
    assert right.placement["unet"].device == "igpu"


@pytest.mark.campaign
def test_no_bad_picture_in_two_hundred_tries(data: Path) -> None:
    verdicts: Counter[str] = Counter()
    for seed in range(200):
        one = drawn(seed)
        found = outcome(one, data)
        assert found.verdict != "bad", f"try {seed}, {one}: {found.story}"
        verdicts[found.verdict] += 1
    assert verdicts["repaired"] > 80
    assert verdicts["right"] > 20
