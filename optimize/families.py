"""Which models can be converted: a row per family and per component; no torch here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from optimize.check_inputs import (
    checker_pixels,
    control_inputs,
    depth_pixels,
    latents,
    pixel_unet_inputs,
    pixels,
    token_ids,
    unet_inputs,
    upscaler_inputs,
)
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

    output: str  # name of the one output, or what the names of several begin with
    attribute: str  # where the module's answer holds it, or a tuple of them
    free: Mapping[str, tuple[int, ...]]  # input -> axes of any size
    last: tuple[str, str] | None = None  # name and attribute of one more output, after those

    def answers(self, outputs: Any) -> dict[str, Any]:
        """Return the tensors in a module's answer, by the names that they get, in order."""
        found = getattr(outputs, self.attribute)
        if not isinstance(found, tuple | list):
            return {self.output: found}
        named = {f"{self.output}_{number}": value for number, value in enumerate(found)}
        return named | ({self.last[0]: getattr(outputs, self.last[1])} if self.last is not None else {})


@dataclass(frozen=True, kw_only=True)
class Component:
    """One network of a model: where the source keeps it, what exports it, and what it is checked on."""

    name: str  # folder in the model folder
    entry: str  # key in model_index.json, and folder in the source
    library: str
    class_name: str
    exporter: "OptimumExporter | Tracer"
    check_inputs: CheckInputs
    all_layers: bool = False  # a text encoder of which every layer's output is exported
    overflows: bool = False  # a VAE whose activations FP16 does not hold when its config says force_upcast
    in_folders_only: bool = False  # no single file holds it, and it is not fetched from the Hub


@dataclass(frozen=True, kw_only=True)
class Family:
    """Models that are converted in the same way."""

    name: str
    pipeline_classes: tuple[str, ...]
    components: tuple[Component, ...]
    unet_settings: Mapping[str, tuple[Any, ...]]  # configuration key -> values that this family has

    @property
    def everywhere(self) -> tuple[Component, ...]:
        """The components that any source has, and not whole folders alone."""
        return tuple(row for row in self.components if not row.in_folders_only)


UNET = Component(
    name="unet",
    entry="unet",
    library="diffusers",
    class_name="UNet2DConditionModel",
    exporter=OptimumExporter(task="semantic-segmentation", export_type="unet"),
    check_inputs=unet_inputs,
)
TEXT_ENCODER = Component(
    name="text_encoder",
    entry="text_encoder",
    library="transformers",
    class_name="CLIPTextModel",
    exporter=OptimumExporter(task="feature-extraction", export_type="clip-text"),
    check_inputs=token_ids,
)
# SDXL reads the last but one layer of both encoders, and the projection of the second.
TEXT_ENCODER_XL = replace(TEXT_ENCODER, all_layers=True)
TEXT_ENCODER_2 = Component(
    name="text_encoder_2",
    entry="text_encoder_2",
    library="transformers",
    class_name="CLIPTextModelWithProjection",
    exporter=OptimumExporter(task="feature-extraction", export_type="clip-text-with-projection"),
    check_inputs=token_ids,
    all_layers=True,
)
VAE_DECODER = Component(
    name="vae_decoder",
    entry="vae",
    library="diffusers",
    class_name="AutoencoderKL",
    exporter=OptimumExporter(task="semantic-segmentation", export_type="vae-decoder"),
    check_inputs=latents,
)
VAE_ENCODER = Component(
    name="vae_encoder",
    entry="vae",
    library="diffusers",
    class_name="AutoencoderKL",
    exporter=OptimumExporter(task="semantic-segmentation", export_type="vae-encoder"),
    check_inputs=pixels,
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
    check_inputs=upscaler_inputs,
)
PIXEL_UNET = Component(
    name="unet",
    entry="unet",
    library="diffusers",
    class_name="UNet2DModel",
    exporter=Tracer(output="out_sample", attribute="sample", free={"sample": (0, 2, 3), "timestep": (0,)}),
    check_inputs=pixel_unet_inputs,
)
DEPTH_ESTIMATOR = Component(
    name="depth_estimator",
    entry="depth_estimator",
    library="transformers",
    class_name="DPTForDepthEstimation",
    exporter=Tracer(output="predicted_depth", attribute="predicted_depth", free={"pixel_values": (0,)}),
    check_inputs=depth_pixels,
)

CONTROLNET = Component(
    name="controlnet",
    entry="controlnet",
    library="diffusers",
    class_name="ControlNetModel",
    exporter=Tracer(
        output="down_block_res_sample",
        attribute="down_block_res_samples",
        last=("mid_block_res_sample", "mid_block_res_sample"),
        free={
            "sample": (0, 2, 3),
            "timestep": (0,),
            "encoder_hidden_states": (0, 1),
            "controlnet_cond": (0, 2, 3),
        },
    ),
    check_inputs=control_inputs,
)

SAFETY_CHECKER = Component(
    name="safety_checker",
    entry="safety_checker",
    library="stable_diffusion",  # what model_index.json calls the module of diffusers that it is in
    class_name="StableDiffusionSafetyChecker",
    exporter=Tracer(output="scores", attribute="scores", free={"pixel_values": (0,)}),
    check_inputs=checker_pixels,
    in_folders_only=True,
)

_PLAIN_UNET = {"class_embed_type": (None,), "addition_embed_type": (None,)}
_LATENT_UNET = _PLAIN_UNET | {"out_channels": (4,), "num_class_embeds": (None,)}
_XL_UNET = _LATENT_UNET | {"addition_embed_type": ("text_time",)}
# The UNet, by far the largest, is first: nothing is in memory yet.
_IN_LATENTS = (UNET, TEXT_ENCODER, VAE_DECODER, VAE_ENCODER, SAFETY_CHECKER)
_IN_LATENTS_XL = (
    UNET,
    TEXT_ENCODER_2,
    TEXT_ENCODER_XL,
    replace(VAE_DECODER, overflows=True),
    replace(VAE_ENCODER, overflows=True),
)

FAMILIES = (
    Family(
        name="Stable Diffusion 1.x and 2.x",
        pipeline_classes=(
            "StableDiffusionPipeline",
            "StableDiffusionImg2ImgPipeline",
            "StableDiffusionInpaintPipeline",
            "LatentConsistencyModelPipeline",
            "LatentConsistencyModelImg2ImgPipeline",
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
        name="Stable Diffusion XL",
        pipeline_classes=(
            "StableDiffusionXLPipeline",
            "StableDiffusionXLImg2ImgPipeline",
            "StableDiffusionXLInpaintPipeline",
        ),
        components=_IN_LATENTS_XL,
        unet_settings=_XL_UNET | {"in_channels": (4,)},
    ),
    Family(
        name="Stable Diffusion XL inpainting",
        pipeline_classes=("StableDiffusionXLInpaintPipeline",),
        components=_IN_LATENTS_XL,
        unet_settings=_XL_UNET | {"in_channels": (9,)},
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

# No model by itself: an addition to one of Stable Diffusion 1.x or 2.x.
CONTROL = Family(name="ControlNet", pipeline_classes=(), components=(CONTROLNET,), unet_settings=_LATENT_UNET)


def runtime_options(
    component: Component, config: Mapping[str, Any], scheduler_config: Mapping[str, Any]
) -> dict[str, str]:
    """Return what OpenVINO must be told of a component with this `config`, as optimum-intel 2.2 does.

    The VAE of SDXL overflows FP16 on a GPU unless its activations are scaled, and so does that of SD 2.1, the
    one that predicts v.
    """
    if component.entry != "vae":
        return {}
    if component.overflows and config.get("force_upcast", True):
        return {"ACTIVATIONS_SCALE_FACTOR": "128.0"}
    overflows = scheduler_config.get("prediction_type") == "v_prediction"
    return {"ACTIVATIONS_SCALE_FACTOR": "8.0"} if overflows else {}
