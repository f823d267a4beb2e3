"""A device without memory is given less to hold, step by step, and what was done is said."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from runtime import TextToImage, open_pipeline
from runtime.backends.base import Device, Shape
from runtime.backends.pytorch import PyTorchBackend
from runtime.backends.pytorch_memory import MemoryKeeper
from runtime.errors import DeviceError, InvalidRequest
from runtime.memory import estimate_bytes
from runtime.model_folder import ModelFolder
from tests.measures import psnr
from tests.models import DEMO_MODEL, DEMO_SOURCE

ASKED = TextToImage(prompt="a red house", seed=3, num_inference_steps=3, sampler="DDIM")
CUDA_SAYS = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
CPU_SAYS = RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory")
MPS_SAYS = RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB)")


class Resident(torch.nn.Module):
    """A network that is somewhere, as far as the keeper is concerned."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[str] = []

    def to(self, *arguments: Any, **_: Any) -> "Resident":
        self.places.append(str(arguments[0]))
        return self


def gpu(component: str) -> Device:
    return Device(
        id="cuda",
        backend="pytorch",
        native="cuda:0",
        name="A GPU",
        kind="CUDA GPU",
        driver="",
        precisions=("f32", "f16"),
        memory_bytes=2**30,
    )


def keeper(*components: str) -> tuple[MemoryKeeper, dict[str, Resident]]:
    modules = {component: Resident() for component in components}
    return MemoryKeeper(modules, {component: gpu(component) for component in components}.__getitem__), modules


def failing(times: int, error: RuntimeError) -> Callable[[], str]:
    left = [error] * times

    def forward() -> str:
        if left:
            raise left.pop()
        return "done"

    return forward


@pytest.mark.parametrize(
    "error",
    [
        CUDA_SAYS,
        MPS_SAYS,
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("Invalid buffer size: 16.00 GB"),
    ],
)
def test_components_that_do_not_run_leave_the_gpu_and_come_back(error: RuntimeError) -> None:
    memory, modules = keeper("text_encoder", "unet", "vae_decoder")
    assert memory.run("unet", failing(1, error)) == "done"
    assert modules["unet"].places == []
    assert modules["text_encoder"].places == modules["vae_decoder"].places == ["cpu"]
    assert memory.run("vae_decoder", failing(1, error)) == "done"
    assert modules["vae_decoder"].places == ["cpu", "cuda:0"]
    assert modules["unet"].places == ["cpu"]
    assert memory.run("unet", failing(1, error)) == "done"
    assert len(memory.warnings) == len(set(memory.warnings)) == 3


def test_giving_up_names_device_component_and_remedy() -> None:
    memory, _ = keeper("text_encoder", "unet")
    with pytest.raises(DeviceError, match=r"A GPU \(cuda\).*unet.*smaller picture.*unet=pytorch-cpu"):
        memory.run("unet", failing(99, CUDA_SAYS), rows=2)
    assert "row by row" in memory.warnings[-1]


def test_a_network_that_was_never_loaded_was_not_sliced() -> None:
    memory, modules = keeper("unet")
    del modules["unet"]
    with pytest.raises(DeviceError, match="too little memory for the unet: make a smaller picture"):
        memory.run("unet", failing(99, CUDA_SAYS))


def test_other_faults_are_not_taken_for_a_lack_of_memory() -> None:
    memory, modules = keeper("text_encoder", "unet")
    with pytest.raises(DeviceError, match=r"A GPU \(cuda\) failed while running the unet \(CUDA error: ill"):
        memory.run("unet", failing(1, RuntimeError("CUDA error: illegal memory access\nmore")))
    assert modules["text_encoder"].places == memory.warnings == []


def test_modes_of_guidance_that_it_does_not_have_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="guidance 'sequential' is for OpenVINO devices"):
        open_pipeline(DEMO_SOURCE, device="pytorch-cpu", guidance="sequential")


def test_a_picture_too_large_for_the_cpu_is_refused_before_it_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.memory.available_bytes", lambda: 2**20)
    with open_pipeline(DEMO_SOURCE, device="pytorch-cpu") as pipeline:
        generation = pipeline.generate(ASKED)
        with pytest.raises(InvalidRequest, match="128x128 needs about"):
            generation.result()
        assert generation.timings.read == {}


def test_a_second_larger_picture_is_checked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = (Shape(batch=1, height=side, width=side) for side in (64, 512))
    networks = ("text_encoder", "unet", "vae_decoder")
    model = ModelFolder(DEMO_SOURCE)
    free = estimate_bytes(model, small, networks, 4)
    monkeypatch.setattr("runtime.memory.available_bytes", lambda: free)
    with open_pipeline(DEMO_SOURCE, device="pytorch-cpu") as pipeline:
        pipeline._backend.load(small, networks)
        with pytest.raises(InvalidRequest, match="512x512 needs about"):
            pipeline._backend.load(large, networks)


def test_a_cpu_without_memory_while_weights_are_read_is_not_a_damaged_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def scarce(*_: object, **__: object) -> None:
        raise CPU_SAYS

    monkeypatch.setattr("runtime.backends.pytorch_sources.UNet2DConditionModel.from_pretrained", scarce)
    with (
        open_pipeline(DEMO_SOURCE, device="pytorch-cpu") as pipeline,
        pytest.raises(DeviceError, match=r"too little memory for the unet: .*close other programs"),
    ):
        pipeline.generate(ASKED).result()


def test_source_weights_and_their_openvino_model_are_estimated_alike() -> None:
    shape, networks = Shape(batch=1, height=512, width=512), ("text_encoder", "unet")
    source, model = (
        estimate_bytes(ModelFolder(path), shape, networks, 4) for path in (DEMO_SOURCE, DEMO_MODEL)
    )
    assert source == pytest.approx(model, rel=0.01)


def test_waiting_again_loads_nothing_and_keeps_what_the_first_wait_noted() -> None:
    with open_pipeline(DEMO_SOURCE, device="pytorch-cpu") as pipeline:
        timings = pipeline.generate(ASKED).result().timings
        noted = dict(timings.read)
        components = pipeline._backend.load(Shape(batch=1, height=128, width=128), tuple(noted))
        components.wait(timings)
    assert timings.read == noted
    assert min(noted.values()) > 1e-3  # reading a file takes longer than looking it up


@pytest.fixture(scope="module")
def plain() -> np.ndarray:
    with open_pipeline(DEMO_SOURCE, device="pytorch-cpu") as pipeline:
        result = pipeline.generate(ASKED).result()
    assert result.warnings == ()
    return np.asarray(result.images[0])


@pytest.mark.parametrize(
    ("component", "failures", "said"),
    [
        ("unet", 1, ("row by row",)),
        ("unet", 2, ("row by row", "attention is computed in slices")),
        ("vae_decoder", 1, ("attention is computed in slices", "works in tiles")),
    ],
)
def test_the_picture_is_the_same_in_slices_and_the_result_says_so(
    component: str, failures: int, said: tuple[str, ...], plain: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = PyTorchBackend.module
    forward = failing(failures, CPU_SAYS)

    def scarce(backend: PyTorchBackend, name: str) -> Any:
        network = load(backend, name)
        if name == component and torch.is_inference_mode_enabled():  # it is about to run
            forward()
        return network

    monkeypatch.setattr(PyTorchBackend, "module", scarce)
    with open_pipeline(DEMO_SOURCE, device="pytorch-cpu") as pipeline:
        result = pipeline.generate(ASKED).result()
    assert psnr(np.asarray(result.images[0]), plain) >= 60
    assert len(result.warnings) == len(said)
    for warning, words in zip(result.warnings, said, strict=True):
        assert warning.startswith(f"{component} on pytorch-cpu: ")
        assert words in warning
