"""Tries of a broken device: one drawn by its seed, made, and judged against the picture of the CPU."""

import json
import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runtime import ImageToImage, LapdrawError, TextToImage, open_pipeline
from runtime.backends import openvino_trust
from runtime.backends.openvino_trust import FILE_NAME
from tests.measures import psnr
from tests.runtime.broken_device import KINDS, BrokenCore, Fault, installed

LEAST = 35.0  # dB of a picture made with a right component in f16; a wrong one is under 25
PLACES = (
    ("igpu", None),
    ("cpu+igpu", None),
    ("igpu", "sequential"),
    ("igpu", "parallel"),
    ("unet=igpu,unet_unconditional=cpu,vae_decoder=igpu", None),
    ("text_encoder=igpu,unet=cpu,unet_unconditional=igpu,vae_encoder=igpu", None),
)
COMPONENTS = ("unet", "unet", "vae_decoder", "text_encoder", "vae_encoder")
PICTURE = Image.fromarray(np.random.default_rng(1).integers(0, 255, (8, 8, 3)).astype(np.uint8)).resize(
    (128, 128), Image.Resampling.BICUBIC
)
REQUESTS = {
    "text": TextToImage(prompt="a red house under a night sky", seed=7, num_inference_steps=5),
    "two": TextToImage(
        prompt="a boat", seed=9, num_inference_steps=5, count=2, batch_size=2, sampler="Euler"
    ),
    "plain": TextToImage(prompt="a tree", seed=8, num_inference_steps=5, guidance_scale=1, sampler="Euler a"),
    "picture": ImageToImage(
        prompt="a red house", image=PICTURE, seed=4, num_inference_steps=8, strength=0.6, sampler="DPM++ 2M"
    ),
}


@dataclass(frozen=True, kw_only=True)
class Try:
    """What breaks, and when, and what is asked for."""

    fault: Fault
    request: str
    place: str
    guidance: str | None
    trusted: bool


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it: `verdict` is right, repaired, error or bad."""

    verdict: str
    story: str


def drawn(seed: int) -> Try:
    draw = random.Random(seed)
    component = draw.choice(COMPONENTS)
    place, guidance = draw.choice(PLACES)
    request = "picture" if component == "vae_encoder" else draw.choice(list(REQUESTS))
    fault = Fault(
        component=component,
        kind=draw.choice(KINDS),
        first=draw.choice((0, 0, 1, 2, 3)) if component == "unet" else 0,
        precisions=draw.choice((("f16", "f32"), ("f16",), ("f32",), ("f16", "f32"))),
    )
    return Try(fault=fault, request=request, place=place, guidance=guidance, trusted=draw.random() < 0.5)


def outcome(one: Try, data: Path) -> Outcome:
    """Make the pictures of a try in the data folder, which keeps compiled models from one to the next."""
    with pytest.MonkeyPatch.context() as patch:
        if one.trusted:  # at whatever size and in whatever mode of guidance the try has
            patch.setattr(openvino_trust, "_size", lambda key: "any")
        return _outcome(one, data)


def _outcome(one: Try, data: Path) -> Outcome:
    trust_file = data / "cache" / FILE_NAME
    trust_file.unlink(missing_ok=True)
    if one.trusted:
        trust_file.parent.mkdir(parents=True, exist_ok=True)
        trust_file.write_text(_all_trusted(data))
    with installed(BrokenCore(faults=(one.fault,))) as core:
        try:
            with open_pipeline(device=one.place, guidance=one.guidance, data_dir=data) as pipeline:
                generation = pipeline.generate(REQUESTS[one.request])
                result = generation.result()
        except LapdrawError as error:
            names_it = "igpu" in str(error) or "Imaginary" in str(error)
            verdict = "error" if names_it and not generation.pictures else "bad"
            return Outcome(verdict=verdict, story=str(error))
    right = _right(one.request, data)
    least = min(
        psnr(np.asarray(made), reference) for made, reference in zip(result.images, right, strict=True)
    )
    told = any(one.fault.component in warning and "igpu" in warning for warning in result.warnings)
    placed = {slot: f"{where.device} {where.precision}" for slot, where in result.placement.items()}
    story = f"{least:.0f} dB, broke {core.broke} times, {result.warnings}, {placed}"
    if least < LEAST or told != (core.broke > 0):
        return Outcome(verdict="bad", story=story)
    return Outcome(verdict="repaired" if told else "right", story=story)


@cache
def _right(request: str, data: Path) -> list[np.ndarray]:
    with open_pipeline(device="cpu", data_dir=data) as pipeline:
        return [np.asarray(image) for image in pipeline.generate(REQUESTS[request]).result().images]


@cache
def _all_trusted(data: Path) -> str:
    """Return the file of a machine whose device was right so far, in f16 and in f32, at every size."""
    kept: dict[str, list[float]] = {}
    for precision in ("f16", "f32"):
        (data / "cache" / FILE_NAME).unlink(missing_ok=True)
        with (
            installed(BrokenCore()),
            open_pipeline(device="igpu", data_dir=data, execution_precision=precision) as pipeline,
        ):
            assert pipeline.generate(REQUESTS["picture"]).result().warnings == ()
        kept |= json.loads((data / "cache" / FILE_NAME).read_text())
    assert len(kept) == 8
    return json.dumps(kept)
