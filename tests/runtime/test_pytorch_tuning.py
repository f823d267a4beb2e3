"""PyTorch tuned for speed gives the picture of plain PyTorch, or says what is missing."""

import importlib.util

import numpy as np
import pytest
import torch

from runtime import TextToImage, open_pipeline
from runtime.backends.pytorch_devices import has_native_bf16, list_pytorch_devices
from runtime.backends.pytorch_tuning import TUNINGS
from runtime.errors import DeviceError, InvalidRequest, SetupError
from tests.measures import psnr
from tests.models import DEMO_SOURCE

ASKED = TextToImage(prompt="a red house", seed=3, num_inference_steps=3, sampler="DDIM")


def picture(*tuning: str) -> np.ndarray:
    with open_pipeline(DEMO_SOURCE, device="pytorch-cpu", tuning=tuning) as pipeline:
        return np.asarray(pipeline.generate(ASKED).result().images[0])


@pytest.fixture(scope="module")
def plain() -> np.ndarray:
    return picture()


@pytest.mark.parametrize(
    "tuning",
    [
        ("channels_last",),
        # Minutes of compiling, and PyTorch's compiler announces deprecations to its own developers.
        pytest.param(
            ("channels_last", "compile"),
            marks=[pytest.mark.campaign, pytest.mark.filterwarnings("ignore")],
        ),
        pytest.param(
            ("ipex",),
            marks=[
                pytest.mark.filterwarnings("ignore"),
                pytest.mark.skipif(
                    importlib.util.find_spec("intel_extension_for_pytorch") is None,
                    reason="needs the environment of requirements/ipex.txt",
                ),
            ],
        ),
    ],
)
def test_tuned_gives_the_picture_of_plain(tuning: tuple[str, ...], plain: np.ndarray) -> None:
    assert psnr(picture(*tuning), plain) >= 60


def test_a_tuning_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(InvalidRequest, match="'xformers' does not exist.*" + ", ".join(TUNINGS)):
        open_pipeline(DEMO_SOURCE, device="pytorch-cpu", tuning=("xformers",))


def test_openvino_takes_no_tuning_of_pytorch() -> None:
    with pytest.raises(InvalidRequest, match=r"channels_last is for PyTorch devices.*pytorch-cpu"):
        open_pipeline("demo-scenes", device="cpu", tuning=("channels_last",))


def test_compiling_without_a_compiler_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(SetupError, match=r"C\+\+ compiler and none of no-such-compiler"):
        open_pipeline(DEMO_SOURCE, device="pytorch-cpu", tuning=("compile",))


@pytest.mark.skipif(
    importlib.util.find_spec("intel_extension_for_pytorch") is not None, reason="it is installed"
)
def test_ipex_where_it_is_not_installed_names_its_requirements() -> None:
    with pytest.raises(SetupError, match=r"requirements/ipex\.txt"):
        open_pipeline(DEMO_SOURCE, device="pytorch-cpu", tuning=("ipex",))


def test_the_cpu_has_its_full_name_and_no_emulated_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = list_pytorch_devices()[0]
    assert cpu.name not in ("", "CPU")
    assert ("bf16" in cpu.precisions) == has_native_bf16()
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert list_pytorch_devices()[0].precisions == ("f32",)
    asking = open_pipeline(DEMO_SOURCE, device="pytorch-cpu", execution_precision="bf16")
    with asking as pipeline, pytest.raises(DeviceError, match="has no native bf16: choose one of f32"):
        pipeline.generate(ASKED).result()
