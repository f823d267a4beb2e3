"""Whole and shallow calls give what a PyTorch UNet gives whose last block is fed a cached feature."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import UNet2DConditionModel, UNet2DModel

from runtime import TextToImage, open_pipeline
from runtime.backends.base import Conditioning, Shape
from runtime.backends.openvino import OpenVinoBackend
from runtime.backends.openvino_compile import component_shapes
from runtime.devices import list_devices
from runtime.model_folder import ModelFolder
from runtime.placement import Placement, resolve_placement
from tests.measures import psnr
from tests.models import exported, source

NEAR = 80  # dB
WHOLE = (True, False, True, False, False)
TIMESTEPS = (801.0, 641.0, 481.0, 321.5, 161.0)
# "tiny-attends" ends in a block with attention, as Stable Diffusion 1 and 2 do, the others in one without.
FAMILIES = ("tiny-attends", "tiny-v", "tiny-xl", "tiny-inpaint", "tiny-unconditional", "demo-scenes")
CALLS = [(model, "batch") for model in FAMILIES] + [
    ("demo-scenes", mode) for mode in ("sequential", "parallel")
]

pytestmark = pytest.mark.filterwarnings("ignore")


class DeepCache:
    """Swaps what enters the last block of a UNet for what entered it at the last whole call."""

    def __init__(self, unet: Any) -> None:
        self.unet = unet
        self.whole = True
        self._skip = unet.config.block_out_channels[0]  # channels of the first convolution
        self._deep: torch.Tensor | None = None

    @contextmanager
    def hooked(self) -> Iterator["DeepCache"]:
        handle = self.unet.up_blocks[-1].resnets[-1].register_forward_pre_hook(self._swap)
        try:
            yield self
        finally:
            handle.remove()

    def _swap(self, module: Any, given: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        hidden, *rest = given
        deep, skip = hidden.split([hidden.shape[1] - self._skip, self._skip], dim=1)
        if self.whole:
            self._deep = deep
        assert self._deep is not None
        return (torch.cat([self._deep, skip], dim=1), *rest)


def decibels(ours: np.ndarray, theirs: np.ndarray) -> float:
    """How far two predictions are apart, beside how large they are."""
    error = np.sqrt(np.mean((ours - theirs) ** 2)) / np.sqrt(np.mean(theirs**2))
    return float(-20 * np.log10(max(error, 1e-12)))


def torch_unet(model: str) -> Any:
    kind = UNet2DModel if "unconditional" in model else UNet2DConditionModel
    return kind.from_pretrained(source(model) / "unet").eval()


def placed(**settings: Any) -> Placement:
    cpu = resolve_placement("cpu", list_devices(pytorch=False))
    return Placement(devices=cpu.devices, **settings)


@pytest.mark.parametrize(("model", "guidance"), CALLS)
def test_calls_agree_with_a_cached_unet_in_pytorch(model: str, guidance: str) -> None:
    folder = ModelFolder(exported(model))
    conditional = "text_encoder" in folder.components
    # A size that does not halve evenly, where diffusers can do it.
    height = folder.default_height + (8 if conditional else 0)
    shape = Shape(batch=1, height=height, width=folder.default_width, guided=conditional, reuses=True)
    cached = DeepCache(torch_unet(model))
    draw = np.random.default_rng(0)
    sizes = component_shapes(folder, "unet", shape)
    told = {name: draw.standard_normal(size, dtype=np.float32) for name, size in sizes.items()}
    hidden, extra = told.pop("encoder_hidden_states", None), dict(told)
    del extra["sample"], extra["timestep"]
    with OpenVinoBackend(folder, placed(guidance=guidance)) as backend, cached.hooked():
        unet = backend.load(shape, ("unet",)).unet
        for whole, timestep in zip(WHOLE, TIMESTEPS, strict=True):
            sample = draw.standard_normal(sizes["sample"], dtype=np.float32)
            conditioning = Conditioning(encoder_hidden_states=hidden, extra=extra, whole=whole)
            cached.whole = whole
            with torch.no_grad():
                inputs: dict[str, Any] = {"sample": torch.from_numpy(sample)}
                inputs["timestep"] = torch.tensor(timestep)  # a bare number would be cut to a whole one
                if hidden is not None:
                    inputs["encoder_hidden_states"] = torch.from_numpy(hidden)
                if extra:
                    inputs["added_cond_kwargs"] = {name: torch.from_numpy(extra[name]) for name in extra}
                theirs = cached.unet(**inputs).sample.numpy()
            assert decibels(unet(sample, timestep, conditioning), theirs) >= NEAR, (whole, timestep)


def test_a_picture_is_that_of_diffusers_with_the_same_schedule() -> None:
    from diffusers import StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(source("demo-scenes"), torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    cached = DeepCache(pipe.unet)

    def after(pipeline: Any, step: int, timestep: Any, given: dict[str, Any]) -> dict[str, Any]:
        cached.whole = (step + 1) % 3 == 0
        return {}

    prompt, seed = "a red house under a night sky", 11
    with cached.hooked():
        theirs = pipe(
            prompt,
            num_inference_steps=8,
            guidance_scale=5.0,
            generator=torch.Generator().manual_seed(seed),
            callback_on_step_end=after,
        ).images[0]
    request = TextToImage(prompt=prompt, seed=seed, num_inference_steps=8, guidance_scale=5.0, reuse=3)
    with open_pipeline(exported("demo-scenes"), device="cpu", cache=False) as pipeline:
        result = pipeline.generate(request).result()
        exact = pipeline.generate(replace(request, reuse=None)).result()
    assert (result.timings.unet_calls, result.timings.unet_shallow_calls) == (8, 5)
    assert psnr(np.asarray(result.images[0]), np.asarray(theirs)) >= 60  # 8 bits a channel
    assert psnr(np.asarray(result.images[0]), np.asarray(exact.images[0])) < 50
