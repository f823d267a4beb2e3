"""Depth: torch's bicubic interpolation without torch, and the channel that the UNet sees."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtime import ModelFolderError
from runtime.depth import depth_channel, estimator_size, resize_bicubic


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 40), st.integers(1, 40))
def test_bicubic_is_torchs(height: int, width: int, to_height: int, to_width: int) -> None:
    array = np.random.default_rng(height).standard_normal((height, width), dtype=np.float32)
    wanted = torch.nn.functional.interpolate(
        torch.from_numpy(array)[None, None], (to_height, to_width), mode="bicubic", align_corners=False
    )
    np.testing.assert_allclose(
        resize_bicubic(array, to_height, to_width), wanted[0, 0].numpy(), rtol=1e-4, atol=1e-4
    )


def test_the_channel_goes_from_minus_one_to_one_and_a_flat_depth_is_zero() -> None:
    ramp = np.linspace(3, 900, 64 * 64, dtype=np.float32).reshape(64, 64)
    channel = depth_channel(ramp, 8, 8)
    assert channel.shape == (1, 1, 8, 8)
    assert (channel.min(), channel.max()) == (-1, 1)
    assert not depth_channel(np.full((9, 9), 7, np.float32), 8, 8).any()


def test_the_estimators_size_is_read_or_refused() -> None:
    assert estimator_size({"size": {"height": 384, "width": 256}}) == (384, 256)
    assert estimator_size({"size": 128}) == (128, 128)
    with pytest.raises(ModelFolderError, match="not understood"):
        estimator_size({"size": {"shortest_edge": 384}})
