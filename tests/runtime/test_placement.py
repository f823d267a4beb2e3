"""Device names against listings of machines that are not here."""

import pytest

from runtime.backends.base import Device
from runtime.errors import DeviceError, InvalidRequest
from runtime.placement import COMPONENTS, Placement, choose_device, names_pytorch, resolve_placement


def device(id_: str) -> Device:
    backend = "pytorch" if id_.split(".")[0] in ("pytorch-cpu", "cuda", "mps") else "openvino"
    return Device(
        id=id_,
        backend=backend,
        native=id_,
        name=id_,
        kind="",
        driver="",
        precisions=("f32",),
        memory_bytes=None,
    )


def placed(text: str, *ids: str) -> dict[str, str]:
    placement = resolve_placement(text, [device(id_) for id_ in ids])
    return {component: chosen.id for component, chosen in placement.devices.items()}


@pytest.mark.parametrize(
    ("ids", "chosen"),
    [
        (("cpu",), "cpu"),
        (("cpu", "igpu"), "cpu+igpu"),
        (("cpu", "igpu", "npu"), "cpu+igpu"),
        (("cpu", "npu"), "cpu"),
        (("cpu", "igpu", "gpu"), "gpu"),
        (("cpu", "igpu", "pytorch-cpu", "cuda"), "cuda"),
        (("cpu", "gpu", "pytorch-cpu", "cuda"), "gpu"),
        (("pytorch-cpu",), "pytorch-cpu"),
    ],
)
def test_auto_takes_a_discrete_gpu_then_the_mix_then_the_cpu(ids: tuple[str, ...], chosen: str) -> None:
    assert choose_device([device(id_) for id_ in ids]) == chosen


def test_the_mix_puts_only_the_unet_on_the_integrated_gpu() -> None:
    assert placed("cpu+igpu", "cpu", "igpu") == dict.fromkeys(COMPONENTS, "cpu") | {"unet": "igpu"}
    assert placed("auto", "cpu", "igpu") == placed("cpu+igpu", "cpu", "igpu")


def test_a_placement_leaves_the_rest_on_the_cpu() -> None:
    expected = dict.fromkeys(COMPONENTS, "cpu") | {"unet": "npu", "vae_decoder": "igpu"}
    assert placed(" UNet=npu, vae_decoder=igpu ", "cpu", "igpu", "npu") == expected
    assert placed("unet=cuda", "cpu", "pytorch-cpu", "cuda")["vae_decoder"] == "pytorch-cpu"


def test_an_absent_device_is_an_error_that_lists_the_others() -> None:
    with pytest.raises(DeviceError, match="device 'igpu' is not available here: choose one of cpu, npu"):
        placed("cpu+igpu", "cpu", "npu")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("unet=", "cannot read 'unet='"),
        ("vae=cpu", "component of text_encoder, unet, vae_decoder, vae_encoder"),
        ("unet=cpu,unet=igpu", "names unet twice"),
        ("unet=cuda,vae_decoder=igpu", "mixes OpenVINO and PyTorch"),
    ],
)
def test_an_unreadable_placement_says_how_to_write_it(text: str, sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        placed(text, "cpu", "igpu", "pytorch-cpu", "cuda")


def test_the_halves_of_guidance_may_be_placed_apart() -> None:
    expected = dict.fromkeys(COMPONENTS, "cpu") | {"unet": "igpu", "unet_unconditional": "cpu"}
    assert placed("unet=igpu,unet_unconditional=cpu", "cpu", "igpu") == expected
    assert placed("unet_unconditional=npu", "cpu", "npu")["unet_unconditional"] == "npu"
    with pytest.raises(InvalidRequest, match="splits guidance over two PyTorch devices"):
        placed("unet=cuda,unet_unconditional=pytorch-cpu", "pytorch-cpu", "cuda")


def test_a_placement_refuses_precisions_and_modes_that_do_not_exist() -> None:
    devices = {"unet": device("cpu")}
    assert Placement(devices=devices, precisions={"unet": "bf16"}, guidance="parallel").guidance == "parallel"
    with pytest.raises(InvalidRequest, match="precision 'f8' of the unet does not exist: choose one of f32"):
        Placement(devices=devices, precisions={"unet": "f8"})
    with pytest.raises(InvalidRequest, match="'vae_decoder', which has no device: name one of unet"):
        Placement(devices=devices, precisions={"vae_decoder": "f32"})
    with pytest.raises(InvalidRequest, match="guidance 'both' does not exist: choose one of batch"):
        Placement(devices=devices, guidance="both")


@pytest.mark.parametrize(
    ("text", "expected"), [("cuda", True), ("unet=cuda.1", True), ("pytorch-cpu", True), ("cpu", False)]
)
def test_pytorch_is_recognised_by_name(text: str, expected: bool) -> None:
    assert names_pytorch(text) is expected
