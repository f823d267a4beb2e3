"""The multiply-adds that are counted on the graph are those that PyTorch counts while it computes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13

from benchmarks import work
from benchmarks.work import gflop, multiply_adds
from runtime.backends.base import Shape
from runtime.model_folder import ModelFolder
from tests.models import DEMO_MODEL, DEMO_SOURCE

SHAPE = Shape(batch=1, height=128, width=192)


@pytest.fixture(scope="module")
def model() -> ModelFolder:
    return ModelFolder(DEMO_MODEL)


def _text_encoder() -> Callable[[], Any]:
    import torch
    from transformers import CLIPTextModel

    network = CLIPTextModel.from_pretrained(DEMO_SOURCE / "text_encoder", attn_implementation="eager")
    return lambda: network(torch.zeros(2, 77, dtype=torch.long))


def _unet() -> Callable[[], Any]:
    import torch
    from diffusers import UNet2DConditionModel
    from diffusers.models.attention_processor import AttnProcessor

    network = UNet2DConditionModel.from_pretrained(DEMO_SOURCE / "unet")
    network.set_attn_processor(AttnProcessor())
    width = network.config.cross_attention_dim
    return lambda: network(torch.zeros(2, 4, 16, 24), 1, torch.zeros(2, 77, width))


def _vae_decoder() -> Callable[[], Any]:
    import torch
    from diffusers import AutoencoderKL
    from diffusers.models.attention_processor import AttnProcessor

    network = AutoencoderKL.from_pretrained(DEMO_SOURCE / "vae")
    network.set_attn_processor(AttnProcessor())
    return lambda: network.decode(torch.zeros(1, 4, 16, 24))


@pytest.mark.parametrize(
    ("component", "prepare"),
    [("text_encoder", _text_encoder), ("unet", _unet), ("vae_decoder", _vae_decoder)],
)
def test_pytorch_counts_the_same(
    model: ModelFolder, component: str, prepare: Callable[[], Callable[[], Any]]
) -> None:
    """Attention is spelled out there, since PyTorch does not count its own kernel on a CPU."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    run = prepare()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        run()
    assert multiply_adds(model, component, SHAPE) == pytest.approx(counter.get_total_flops() / 2, rel=2e-3)


def test_a_guided_step_is_twice_a_plain_one(model: ModelFolder) -> None:
    plain = Shape(batch=1, height=128, width=128, guided=False)
    guided = Shape(batch=1, height=128, width=128)
    once, twice = (multiply_adds(model, "unet", shape) for shape in (plain, guided))
    assert twice == pytest.approx(2 * once, rel=1e-3)
    assert gflop(model, "unet", guided) == pytest.approx(twice * 2 / 1e9)


def test_every_kind_of_product_is_counted_as_by_hand() -> None:
    def parameter(*shape: int) -> ov.Node:
        return opset13.parameter(shape, ov.Type.f32)

    pads: tuple[list[int], ...] = ([2, 2], [1, 1], [1, 1], [1, 1])  # strides, both pads, dilations
    weights, grouped = np.zeros((6, 4, 3, 3), np.float32), np.zeros((2, 3, 2, 3, 3), np.float32)
    counted = {
        # 2 pictures of 6 channels of 4x5, each a sum over 4 channels of 3x3
        "Convolution": (opset13.convolution(parameter(2, 4, 8, 10), weights, *pads), 2 * 6 * 20 * 36),
        # the same, over the 2 channels of a group
        "GroupConvolution": (
            opset13.group_convolution(parameter(2, 4, 8, 10), grouped, *pads),
            2 * 6 * 20 * 18,
        ),
        "MatMul": (opset13.matmul(parameter(3, 7, 5), parameter(5, 11), False, False), 3 * 7 * 11 * 5),
        # queries and keys of 8 numbers, values of 6
        "ScaledDotProductAttention": (
            opset13.scaled_dot_product_attention(
                parameter(2, 4, 10, 8), parameter(2, 4, 12, 8), parameter(2, 4, 12, 6)
            ),
            2 * 4 * 10 * 12 * (8 + 6),
        ),
    }
    assert set(counted) == set(work._COUNTS)
    for name, (node, expected) in counted.items():
        assert work._COUNTS[name](node) == expected, name
    transposed = opset13.matmul(parameter(3, 5, 7), parameter(11, 5), True, True)
    assert work._COUNTS["MatMul"](transposed) == 3 * 7 * 11 * 5
