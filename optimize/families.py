"""Which models can be converted: a row per family and per component; no torch here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from runtime.arrays import AnyArray

CheckInputs = Callable[[Mapping[str, Any]], dict[str, AnyArray]]

# Relative errors (see optimize.fidelity) above which an export is refused. Conversion alone stays near 1e-6,
# rounding weights to FP16 near 1e-3; a wrong graph is off by 0.1 and more.
MAX_ERROR = {"fp32": 1e-4, "fp16": 2e-2}


@dataclass(frozen=True, kw_only=True)
class OptimumExporter:
    """A network that optimum-intel exports, so that its graph has the inputs that the peers expect."""

    task: str  # optimum-intel's name of the task
    export_type: str  # optimum-intel's name of the export configuration


@dataclass(frozen=True, kw_only=True)
class Tracer:
    """A network that optimum-intel cannot export: traced, and converted by OpenVINO itself.

    The inputs, in order, are those of `check_inputs`, by the names of the arguments of `forward`.
    """

    output: str  # name of the one output
    attribute: str  # where the module's answer holds it
    free: Mapping[str, tuple[int, ...]]  # input -> axes of any size


@dataclass(frozen=True, kw_only=True)
class Component:
    """One network of a model: where the source keeps it, what exports it, and what it is checked on."""

    name: str  # folder in the model folder
    entry: str  # key in model_index.json, and folder in the source
    library: str
    class_name: str
    exporter: "OptimumExporter | Tracer"
    check_inputs: CheckInputs


@dataclass(frozen=True, kw_only=True)
class Family:
    """Models that are converted in the same way."""

    name: str
    pipeline_classes: tuple[str, ...]
    components: tuple[Component, ...]
    unet_settings: Mapping[str, tuple[Any, ...]]  # configuration key -> values that this family has


def _random(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _token_ids(config: Mapping[str, Any]) -> dict[str, AnyArray]:
    """Two prompts: (2, 77) int64, one full, one that ends after 8 tokens and is padded."""
    length, vocabulary = int(config["max_position_embeddings"]), int(config["vocab_size"])
    start, end = vocabulary - 2, vocabulary - 1
    ids = _random(1).integers(0, start, size=(2, length), dtype=np.int64)
    ids[:, 0] = start
    ids[0, -1] = end
    ids[1, 8:] = end
    return {"input_ids": ids}


def _unet_inputs(config: Mapping[str, Any]) -> dict[str, AnyArray]:
    """Noise and two prompts' embeddings, early and late; not square, to tell height from width."""
    random = _random(2)
    shape = (2, int(config["in_channels"]), 16, 24)
    return {
        "sample": random.standard_normal(shape, dtype=np.float32),
        "timestep": np.array([981, 41], dtype=np.int64),
        "encoder_hidden_states": random.standard_normal(
            (2, 77, int(config["cross_attention_dim"])), dtype=np.float32
        ),
    }


def _upscaler_inputs(config: Mapping[str, Any]) -> dict[str, AnyArray]:
    """What a UNet gets, and two noise levels."""
    levels = np.array([20, min(350, int(config["num_class_embeds"]) - 1)], dtype=np.int64)
    return _unet_inputs(config) | {"class_labels": levels}


def _pixel_unet_inputs(config: Mapping[str, Any]) -> dict[str, AnyArray]:
    """Noise at two timesteps; of sides that the deepest UNet of this kind halves evenly."""
    step = 1 << (len(config["block_out_channels"]) - 1)
    shape = (2, int(config["in_channels"]), 2 * step, 3 * step)
    return {
        "sample": _random(5).standard_normal(shape, dtype=np.float32),
        "timestep": np.array([981, 41], dtype=np.int64),
    }


def _depth_pixels(config: Mapping[str, Any]) -> dict[str, AnyArray]:
    """(1, 3, S, S) normalised pixels, of the only size that the network takes."""
    side = int(config["image_size"])
    return {"pixel_values": _random(6).uniform(-1.0, 1.0, (1, 3, side, side)).astype(np.float32)}


def _latents(config: Mapping[str, Any]) -> dict[str, AnyArray]:
    """(1, C, 8, 12) latents of the spread that the decoder was trained on."""
    spread = 1.0 / float(config.get("scaling_factor", 0.18215))
    latents = _random(3).standard_normal((1, int(config["latent_channels"]), 8, 12), dtype=np.float32)
    return {"latent_sample": latents * np.float32(spread)}


def _pixels(config: Mapping[str, Any]) -> dict[str, AnyArray]:
    """(1, 3, H, W) pixels in [-1, 1]."""
    factor = 1 << (len(config["block_out_channels"]) - 1)
    shape = (1, int(config["in_channels"]), 8 * factor, 12 * factor)
    return {"sample": _random(4).uniform(-1.0, 1.0, shape).astype(np.float32)}


UNET = Component(
    name="unet",
    entry="unet",
    library="diffusers",
    class_name="UNet2DConditionModel",
    exporter=OptimumExporter(task="semantic-segmentation", export_type="unet"),
    check_inputs=_unet_inputs,
)
TEXT_ENCODER = Component(
    name="text_encoder",
    entry="text_encoder",
    library="transformers",
    class_name="CLIPTextModel",
    exporter=OptimumExporter(task="feature-extraction", export_type="clip-text"),
    check_inputs=_token_ids,
)
VAE_DECODER = Component(
    name="vae_decoder",
    entry="vae",
    library="diffusers",
    class_name="AutoencoderKL",
    exporter=OptimumExporter(task="semantic-segmentation", export_type="vae-decoder"),
    check_inputs=_latents,
)
VAE_ENCODER = Component(
    name="vae_encoder",
    entry="vae",
    library="diffusers",
    class_name="AutoencoderKL",
    exporter=OptimumExporter(task="semantic-segmentation", export_type="vae-encoder"),
    check_inputs=_pixels,
)

UPSCALER_UNET = Component(
    name="unet",
    entry="unet",
    library="diffusers",
    class_name="UNet2DConditionModel",
    exporter=Tracer(
        output="out_sample",
        attribute="sample",
        free={
            "sample": (0, 2, 3),
            "timestep": (0,),
            "encoder_hidden_states": (0, 1),
            "class_labels": (0,),
        },
    ),
    check_inputs=_upscaler_inputs,
)
PIXEL_UNET = Component(
    name="unet",
    entry="unet",
    library="diffusers",
    class_name="UNet2DModel",
    exporter=Tracer(output="out_sample", attribute="sample", free={"sample": (0, 2, 3), "timestep": (0,)}),
    check_inputs=_pixel_unet_inputs,
)
DEPTH_ESTIMATOR = Component(
    name="depth_estimator",
    entry="depth_estimator",
    library="transformers",
    class_name="DPTForDepthEstimation",
    exporter=Tracer(output="predicted_depth", attribute="predicted_depth", free={"pixel_values": (0,)}),
    check_inputs=_depth_pixels,
)

_PLAIN_UNET = {
    "class_embed_type": (None,),
    "addition_embed_type": (None,),
    "time_cond_proj_dim": (None,),
}
_LATENT_UNET = _PLAIN_UNET | {"out_channels": (4,), "num_class_embeds": (None,)}
# The UNet, by far the largest, is first: nothing is in memory yet.
_IN_LATENTS = (UNET, TEXT_ENCODER, VAE_DECODER, VAE_ENCODER)

FAMILIES = (
    Family(
        name="Stable Diffusion 1.x and 2.x",
        pipeline_classes=(
            "StableDiffusionPipeline",
            "StableDiffusionImg2ImgPipeline",
            "StableDiffusionInpaintPipeline",
        ),
        components=_IN_LATENTS,
        unet_settings=_LATENT_UNET | {"in_channels": (4,)},
    ),
    Family(
        name="Stable Diffusion inpainting",
        pipeline_classes=("StableDiffusionInpaintPipeline",),
        components=_IN_LATENTS,
        unet_settings=_LATENT_UNET | {"in_channels": (9,)},
    ),
    Family(
        name="Stable Diffusion depth to image",
        pipeline_classes=("StableDiffusionDepth2ImgPipeline",),
        components=(*_IN_LATENTS, DEPTH_ESTIMATOR),
        unet_settings=_LATENT_UNET | {"in_channels": (5,)},
    ),
    Family(
        name="Stable Diffusion x4 upscaler",
        pipeline_classes=("StableDiffusionUpscalePipeline",),
        components=(UPSCALER_UNET, TEXT_ENCODER, VAE_DECODER),
        unet_settings=_PLAIN_UNET | {"out_channels": (4,), "in_channels": (7,)},
    ),
    Family(
        name="unconditional diffusion",
        pipeline_classes=("DDPMPipeline", "DDIMPipeline"),
        components=(PIXEL_UNET,),
        unet_settings={"class_embed_type": (None,), "num_class_embeds": (None,)},
    ),
)


def runtime_options(component: Component, scheduler_config: Mapping[str, Any]) -> dict[str, str]:
    """Return what OpenVINO must be told of a component, as optimum-intel 2.2 does.

    The VAE of SD 2.1, the one that predicts v, overflows FP16 on a GPU unless its activations are scaled.
    """
    overflows = component.entry == "vae" and scheduler_config.get("prediction_type") == "v_prediction"
    return {"ACTIVATIONS_SCALE_FACTOR": "8.0"} if overflows else {}
