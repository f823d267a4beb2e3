"""A LoRA gives the picture that diffusers gives with the same file, in every key style."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from runtime import TextToImage, open_pipeline
from runtime.pipeline import Pipeline
from tests.adapters.adapter_files import STYLES, Noise, layers, save
from tests.measures import psnr
from tests.models import DEMO_SOURCE, exported

pytestmark = pytest.mark.filterwarnings("ignore")

NEAR = 60  # dB
ASKED = TextToImage(
    prompt="a blue castle in the mountains at sunset",
    negative_prompt="night",
    sampler="Euler",
    seed=5,
    num_inference_steps=4,
    guidance_scale=5.0,
    width=128,
    height=128,
)
USUAL = ("kohya", "locon", "peft-alpha", "attention-processors")
RARE = tuple(style for style in STYLES if style not in USUAL)
BARE = "bare-processors"  # which diffusers reads with a loader of the UNet's


class Reference:
    """diffusers on the demo's source, in float32."""

    def __init__(self) -> None:
        self.pipeline = diffusers.StableDiffusionPipeline.from_pretrained(
            DEMO_SOURCE, torch_dtype=torch.float32, local_files_only=True
        )
        self.pipeline.set_progress_bar_config(disable=True)

    def picture(self, *files: tuple[Path, float], asked: TextToImage = ASKED) -> np.ndarray:
        names = []
        for path, _ in files:
            names.append(path.stem)
            if path.stem == BARE:
                self.pipeline.unet.load_attn_procs(path.parent, weight_name=path.name, adapter_name=path.stem)
            else:
                self.pipeline.load_lora_weights(path.parent, weight_name=path.name, adapter_name=path.stem)
        if files:
            self.pipeline.set_adapters(names, [weight for _, weight in files])
        self.pipeline.scheduler = diffusers.EulerDiscreteScheduler.from_config(self.pipeline.scheduler.config)
        made = self.pipeline(
            asked.prompt,
            negative_prompt=asked.negative_prompt,
            num_inference_steps=asked.total_steps,
            guidance_scale=asked.scale,
            width=asked.width,
            height=asked.height,
            generator=torch.Generator("cpu").manual_seed(asked.seed),
        )
        if files:
            self.pipeline.unload_lora_weights()
        return np.asarray(made.images[0])


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def on_openvino(data: Path) -> Iterator[Pipeline]:
    with open_pipeline(exported("demo-scenes"), device="cpu", data_dir=data, cache=False) as pipeline:
        yield pipeline


@pytest.fixture(scope="module")
def on_pytorch(data: Path) -> Iterator[Pipeline]:
    with open_pipeline(DEMO_SOURCE, device="pytorch-cpu", data_dir=data) as pipeline:
        yield pipeline


@pytest.fixture
def lora(data: Path, reference: Reference) -> Callable[..., Path]:
    (data / "loras").mkdir(exist_ok=True)

    def make(style: str, name: str = "", **chosen: Any) -> Path:
        path = data / "loras" / f"{name or style}.safetensors"
        return path if path.exists() else STYLES[style](reference.pipeline, path, **chosen)

    return make


def ours(pipeline: Pipeline, tags: str = "", asked: TextToImage = ASKED) -> np.ndarray:
    wanted = replace(asked, prompt=f"{asked.prompt} {tags}".strip())
    return np.asarray(pipeline.generate(wanted).result().images[0])


@pytest.mark.parametrize("style", [*USUAL, *(pytest.param(s, marks=pytest.mark.campaign) for s in RARE)])
def test_openvino_gives_the_picture_of_diffusers(
    style: str, on_openvino: Pipeline, reference: Reference, lora: Callable[..., Path]
) -> None:
    wanted = reference.picture((lora(style), 0.7))
    assert psnr(wanted, reference.picture()) < 40  # it changes the picture
    assert psnr(ours(on_openvino, f"<lora:{style}:0.7>"), wanted) >= NEAR


@pytest.mark.parametrize("style", ["locon"])
def test_pytorch_gives_the_picture_of_diffusers(
    style: str, on_pytorch: Pipeline, reference: Reference, lora: Callable[..., Path]
) -> None:
    wanted = reference.picture((lora(style), -0.5))
    assert psnr(ours(on_pytorch, f"<lora:{style}:-0.5>"), wanted) >= NEAR


@pytest.mark.parametrize("pipeline_name", ["on_openvino", "on_pytorch"])
def test_several_at_once_add_up_and_leave_nothing_behind(
    pipeline_name: str, request: pytest.FixtureRequest, reference: Reference, lora: Callable[..., Path]
) -> None:
    pipeline: Pipeline = request.getfixturevalue(pipeline_name)
    plain = ours(pipeline)
    first, second = lora("peft"), lora("kohya", "other", seed=3)
    together = ours(pipeline, "<lora:peft:0.4> <lora:other:0.6>")
    assert psnr(together, reference.picture((first, 0.4), (second, 0.6))) >= NEAR
    assert np.array_equal(ours(pipeline), plain)


def test_text_encoder_and_unet_have_weights_of_their_own(
    on_openvino: Pipeline, data: Path, reference: Reference, lora: Callable[..., Path]
) -> None:
    lora("kohya")
    lora("kohya", "unet-only", text=False)
    plain, both = ours(on_openvino), ours(on_openvino, "<lora:kohya:0.7>")
    without_text = ours(on_openvino, "<lora:kohya:0:0.7>")
    without_unet = ours(on_openvino, "<lora:kohya:te=0.7:unet=0>")
    for one, other in ((plain, without_text), (plain, without_unet), (both, without_text)):
        assert psnr(one, other) < 50
    assert np.array_equal(ours(on_openvino, "<lora:kohya:0>"), plain)


def test_another_weight_or_file_of_the_same_layers_compiles_nothing(
    on_openvino: Pipeline, lora: Callable[..., Path]
) -> None:
    lora("kohya")
    lora("kohya", "other", seed=3)
    ours(on_openvino, "<lora:kohya:0.7>")
    compiled = set(on_openvino._backend._compiled)  # type: ignore[union-attr]
    ours(on_openvino, "<lora:kohya:0.2>")
    ours(on_openvino, "<lora:other:1>")
    ours(on_openvino, "<lora:other:0.5> <lora:kohya:0.5>")  # rank 4 and 4: the plan has room for 8
    assert set(on_openvino._backend._compiled) == compiled  # type: ignore[union-attr]


def test_a_middle_matrix_is_the_product_that_lycoris_defines(
    on_openvino: Pipeline, on_pytorch: Pipeline, data: Path, reference: Reference
) -> None:
    draw = Noise(7)
    tucker: dict[str, torch.Tensor] = {}
    plain: dict[str, torch.Tensor] = {}
    convolutions = [
        row for row in layers(reference.pipeline, text=False, convolutions=True) if row[1].endswith("conv1")
    ]
    for _, name, module in convolutions:
        out, taken, *kernel = module.weight.shape
        down, middle, up = draw(3, taken, 1, 1), draw(3, 3, *kernel), draw(out, 3, 1, 1)
        key = f"lora_unet_{name.replace('.', '_')}"
        alpha = {f"{key}.alpha": torch.tensor(30.0)}
        tucker |= {f"{key}.lora_down.weight": down, f"{key}.lora_mid.weight": middle, **alpha}
        tucker |= {f"{key}.lora_up.weight": up}
        product = torch.einsum("abkl,bc->ackl", middle, down[:, :, 0, 0])  # (3, in, kh, kw)
        plain |= {f"{key}.lora_down.weight": product, f"{key}.lora_up.weight": up, **alpha}
    (data / "loras").mkdir(exist_ok=True)
    save(tucker, data / "loras" / "tucker.safetensors")
    merged = save(plain, data / "loras" / "product.safetensors")
    wanted = reference.picture((merged, 1.0))
    assert psnr(wanted, reference.picture()) < 40
    for pipeline in (on_openvino, on_pytorch):
        assert psnr(ours(pipeline, "<lora:tucker:1>"), wanted) >= NEAR
