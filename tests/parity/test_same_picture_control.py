"""Pictures made by ControlNets are those of diffusers' own pipelines, with the same files and seeds."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageOps

from runtime import ImageToImage, Inpaint, TextToImage, open_pipeline
from runtime.request import Request
from tests.control_nets import demo_controlnet, exported_controlnet
from tests.measures import psnr
from tests.models import DEMO_SOURCE, exported
from tests.parity.reference_samplers import SAMPLERS, STOCHASTIC
from tests.parity.task_cases import NEGATIVE, PROMPT, SEED
from tests.parity.task_comparison import NEAR, NOT_FLAT, Open, opening
from tests.parity.task_requests import picture

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:In CPU autocast:UserWarning"),
]
STEPS = 8
_made: dict[str, list[np.ndarray]] = {}  # what diffusers drew, by case
CHANGED = 30  # dB: what the nets do must be far more than what implementations differ by


@dataclass(frozen=True, kw_only=True)
class ControlCase:
    """One comparison; `nets` are (seed of the net, weight, start, end)."""

    nets: tuple[tuple[int, float, float, float], ...]
    task: str = "Control"  # the middle of the name of diffusers' pipeline
    sampler: str = "DPM++ 2M"
    size: tuple[int, int] = (192, 128)
    guidance_scale: float = 6.0
    count: int = 1
    more: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        nets = "+".join(f"{weight:g}from{start:g}to{end:g}" for _, weight, start, end in self.nets)
        size = f"{self.size[0]}x{self.size[1]}"
        return f"{self.task}-{self.sampler}-{size}-cfg{self.guidance_scale:g}-{nets}-{self.count}"


ONE = (1, 1.0, 0.0, 1.0)
BOTH = ((1, 0.6, 0.0, 0.7), (2, 1.3, 0.25, 1.0))
IMAGE = {"task": "ControlImg2Img", "more": {"strength": 0.6}}
CASES = [
    ControlCase(nets=BOTH, count=2),
    ControlCase(nets=((2, 0.7, 0.0, 0.6),), sampler="Euler a", size=(136, 200), guidance_scale=1.0, **IMAGE),
]
MORE = [
    ControlCase(nets=(ONE,)),
    ControlCase(nets=((1, 0.8, 0.2, 0.9),), sampler="Heun"),
    ControlCase(nets=(ONE, (2, 0.5, 0.0, 1.0)), task="ControlInpaint", more={"strength": 1.0}),
    *(
        ControlCase(nets=nets, sampler=sampler, size=size, guidance_scale=scale, **task)
        for nets in ((ONE,), BOTH)
        for task in ({}, IMAGE)
        for sampler in ("DDIM", "Euler a", "UniPC")
        for size in ((128, 128), (136, 200))
        for scale in (1.0, 7.5)
    ),
]


@pytest.fixture(scope="module")
def opened() -> Iterator[Open]:
    with opening() as once:
        yield once


@pytest.mark.parametrize("case", CASES, ids=str)
def test_openvino_in_fp32_gives_the_picture_of_diffusers(case: ControlCase, opened: Open) -> None:
    assert _compare(opened(exported("demo-scenes"), "cpu"), exported_controlnet, case) >= NEAR


def test_pytorch_through_our_loop_gives_the_picture_of_diffusers(opened: Open) -> None:
    assert _compare(opened(DEMO_SOURCE, "pytorch-cpu"), demo_controlnet, CASES[1]) >= NEAR


@pytest.mark.campaign
@pytest.mark.parametrize("case", MORE, ids=str)
def test_every_combination_gives_the_picture_of_diffusers(case: ControlCase, opened: Open) -> None:
    assert _compare(opened(exported("demo-scenes"), "cpu"), exported_controlnet, case) >= NEAR


@pytest.mark.parametrize("guidance", ["sequential", "parallel"])
def test_every_way_to_run_the_halves_gives_the_same_picture(guidance: str, opened: Open) -> None:
    request = _request(MORE[0], exported_controlnet)
    with open_pipeline(exported("demo-scenes"), device="cpu", cache=False, guidance=guidance) as pipeline:
        ours = np.asarray(pipeline.generate(request).result().images[0])
    batch = np.asarray(opened(exported("demo-scenes"), "cpu").generate(request).result().images[0])
    assert psnr(ours, batch) >= NEAR


def _compare(pipeline: Any, net_of: Any, case: ControlCase) -> float:
    """Return the smallest PSNR of the pictures of a case; the nets are known to have changed them."""
    request = _request(case, net_of)
    ours = [np.asarray(image) for image in pipeline.generate(request).result().images]
    plain = pipeline.generate(_plain(request)).result().images[0]
    assert psnr(ours[0], np.asarray(plain)) < CHANGED
    if str(case) not in _made:
        _made[str(case)] = _reference(case)
    theirs = _made[str(case)]
    assert len(ours) == len(theirs) == case.count
    where = np.full(case.size[::-1], True)
    if case.task == "ControlInpaint":
        where = np.asarray(_mask(case.size)) >= 128
    assert all(image[where].std() > NOT_FLAT for image in theirs)
    return min(psnr(our[where], their[where]) for our, their in zip(ours, theirs, strict=True))


def _plain(request: Request) -> Request:
    return replace(request, controls=())


def _request(case: ControlCase, net_of: Any) -> Request:
    controls = [
        {
            "net": str(net_of(seed)),
            "image": _seen(case.size, seed),
            "weight": weight,
            "start": start,
            "end": end,
        }
        for seed, weight, start, end in case.nets
    ]
    values: dict[str, Any] = {
        "prompt": PROMPT,
        "negative_prompt": NEGATIVE if case.guidance_scale > 1 else "",
        "seed": SEED,
        "num_inference_steps": STEPS,
        "guidance_scale": case.guidance_scale,
        "sampler": case.sampler,
        "width": case.size[0],
        "height": case.size[1],
        "count": case.count,
        "batch_size": case.count,
        "controls": controls,
        **case.more,
    }
    if case.task == "ControlImg2Img":
        return ImageToImage(**values, image=picture(case.size))
    if case.task == "ControlInpaint":
        return Inpaint(**values, image=picture(case.size), mask=_mask(case.size), mask_blur=0)
    return TextToImage(**values)


def _seen(size: tuple[int, int], seed: int) -> Any:
    """What a net is shown: another picture for each."""
    return picture(size) if seed == 1 else ImageOps.mirror(picture(size))


def _mask(size: tuple[int, int]) -> Any:
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).rectangle((32, 40, 95, 103), fill=255)
    return mask


def _reference(case: ControlCase) -> list[np.ndarray]:
    """Return the pictures that diffusers makes, picture i from a generator of its own."""
    name = {
        "Control": "StableDiffusionControlNetPipeline",
        "ControlImg2Img": "StableDiffusionControlNetImg2ImgPipeline",
        "ControlInpaint": "StableDiffusionControlNetInpaintPipeline",
    }[case.task]
    nets = [
        diffusers.ControlNetModel.from_pretrained(demo_controlnet(seed), torch_dtype=torch.float32)
        for seed, *_ in case.nets
    ]
    pipeline = getattr(diffusers, name).from_pretrained(
        DEMO_SOURCE,
        controlnet=nets[0] if len(nets) == 1 else nets,
        torch_dtype=torch.float32,
        local_files_only=True,
    )
    pipeline.set_progress_bar_config(disable=True)
    scheduler, changes = {**SAMPLERS, **STOCHASTIC}[case.sampler]
    pipeline.scheduler = getattr(diffusers, scheduler).from_config(pipeline.scheduler.config, **changes)

    def each(values: list[Any]) -> Any:
        return values[0] if len(values) == 1 else values

    seen = each([_seen(case.size, seed) for seed, *_ in case.nets])
    shown = {"image": seen} if case.task == "Control" else {"control_image": seen}
    if case.task != "Control":
        shown["image"] = [picture(case.size)] * case.count
    if case.task == "ControlInpaint":
        shown["mask_image"] = [_mask(case.size)] * case.count
    generators = [torch.Generator("cpu").manual_seed(SEED + number) for number in range(case.count)]
    output = pipeline(
        prompt=[PROMPT] * case.count,
        negative_prompt=[NEGATIVE] * case.count if case.guidance_scale > 1 else None,
        generator=generators,
        num_inference_steps=STEPS,
        guidance_scale=case.guidance_scale,
        width=case.size[0],
        height=case.size[1],
        controlnet_conditioning_scale=each([float(weight) for _, weight, _, _ in case.nets]),
        control_guidance_start=each([start for _, _, start, _ in case.nets]),
        control_guidance_end=each([end for *_, end in case.nets]),
        **shown,
        **case.more,
    )
    return [np.asarray(image) for image in output.images]


def test_a_weight_of_zero_gives_the_plain_picture_to_the_last_bit(opened: Open) -> None:
    pipeline = opened(exported("demo-scenes"), "cpu")
    request = _request(MORE[0], exported_controlnet)
    silent = replace(request, controls=[replace(one, weight=0) for one in request.controls])
    plain = pipeline.generate(_plain(request)).result().images[0]
    assert np.array_equal(np.asarray(pipeline.generate(silent).result().images[0]), np.asarray(plain))
