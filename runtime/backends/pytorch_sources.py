"""Where PyTorch finds the weights of a component, and how it loads them."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel, UNet2DModel
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from transformers import CLIPTextModel, CLIPTextModelWithProjection, DPTForDepthEstimation

from runtime.backends.pytorch_memory import is_out_of_memory
from runtime.control_shapes import SLOTS
from runtime.errors import ModelFolderError
from runtime.model_folder import ModelFolder
from runtime.safety import CHECKER

if TYPE_CHECKING:
    from runtime.controlnet_folder import ControlNetFolder


def place_of(source: ModelFolder, nets: Sequence[Path], component: str) -> tuple[Path, Any]:
    """Return the folder and the class of a component; `nets` are the folders of the ControlNets."""
    if component in SLOTS:
        return nets[SLOTS.index(component)], ControlNetModel
    is_conditional = "text_encoder" in source.components
    folder, kind = {
        "text_encoder": ("text_encoder", CLIPTextModel),
        "text_encoder_2": ("text_encoder_2", CLIPTextModelWithProjection),
        "unet": ("unet", UNet2DConditionModel if is_conditional else UNet2DModel),
        "depth_estimator": ("depth_estimator", DPTForDepthEstimation),
        CHECKER: (CHECKER, StableDiffusionSafetyChecker),
    }.get(component, ("vae", AutoencoderKL))
    # Both halves of the VAE come from one folder but may be placed apart.
    return source.path / folder, kind


def load_weights(path: Path, kind: Any, dtype: torch.dtype) -> Any:
    """Return the network; raises ModelFolderError, and what tells of memory that is lacking."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # libraries announce deprecations to their own developers
            return kind.from_pretrained(path, torch_dtype=dtype, use_safetensors=True, local_files_only=True)
    except (OSError, ValueError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and is_out_of_memory(error):
            raise
        raise ModelFolderError(f"{path} cannot be loaded ({error}): fetch the model again") from error


def control_sources(nets: "Sequence[ControlNetFolder]") -> tuple[Path, ...]:
    """Return the diffusers folders of ControlNets; raises ModelFolderError for one that has none."""
    found = []
    for net in nets:
        path = net.source_path
        if path is None:
            raise ModelFolderError(
                f"{net.path} does not say where its source weights are, which PyTorch needs: give the "
                "diffusers folder as --control"
            )
        found.append(path)
    return tuple(found)
