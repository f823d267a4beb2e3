"""A safety checker of the published architecture, with random weights, that flags what it is told."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from PIL import Image
from transformers import CLIPConfig

from runtime.safety import prepare_picture

SMALL = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
FULL = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16}
PROCESSOR: dict[str, Any] = {  # as Stable Diffusion 1.5 has it
    "crop_size": 224,
    "do_center_crop": True,
    "do_convert_rgb": True,
    "do_normalize": True,
    "do_resize": True,
    "feature_extractor_type": "CLIPFeatureExtractor",
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
    "resample": 3,
    "size": 224,
}


def make_checker(architecture: dict[str, int], patch: int, side: int = 224) -> StableDiffusionSafetyChecker:
    """Return a checker that flags nothing."""
    vision = {**architecture, "image_size": side, "patch_size": patch, "projection_dim": 64}
    text = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 32}
    torch.manual_seed(5)
    checker = StableDiffusionSafetyChecker(
        CLIPConfig(vision_config=vision, text_config=text, projection_dim=64)
    ).eval()
    with torch.no_grad():
        checker.concept_embeds.normal_()
        checker.special_care_embeds.normal_()
        checker.concept_embeds_weights.fill_(2.0)  # nearer than the nearest
        checker.special_care_embeds_weights.fill_(2.0)
    return checker


@torch.no_grad()
def plant(
    checker: StableDiffusionSafetyChecker, chosen: Sequence[Image.Image], others: Sequence[Image.Image]
) -> None:
    """Let every chosen picture be flagged by a concept of its own kind, and none of the others."""

    def embeds(pictures: Sequence[Image.Image]) -> torch.Tensor:
        pixels = np.concatenate([prepare_picture(picture, PROCESSOR) for picture in pictures])
        found = checker.visual_projection(checker.vision_model(torch.from_numpy(pixels))[1])
        return torch.nn.functional.normalize(found, dim=-1)

    wanted, unwanted = embeds(chosen), embeds(others)
    direction = wanted.mean(0) - unwanted.mean(0)
    near = [torch.nn.functional.cosine_similarity(e, direction[None]) for e in (wanted, unwanted)]
    gap = float(near[0].min() - near[1].max())
    assert gap > 0.004, gap  # else no checker of these weights could tell them apart
    checker.concept_embeds[3] = direction
    checker.concept_embeds_weights[3] = float(near[0].min() + near[1].max()) / 2


def add_checker(folder: Path, checker: StableDiffusionSafetyChecker) -> None:
    """Put a checker into a diffusers folder, as published ones have it."""
    checker.save_pretrained(folder / "safety_checker", safe_serialization=True)
    (folder / "feature_extractor").mkdir()
    (folder / "feature_extractor" / "preprocessor_config.json").write_text(json.dumps(PROCESSOR))
    index = json.loads((folder / "model_index.json").read_text("utf-8"))
    index["safety_checker"] = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    index["feature_extractor"] = ["transformers", "CLIPImageProcessor"]
    (folder / "model_index.json").write_text(json.dumps(index), "utf-8")


def copy_with_checker(source: Path, folder: Path, checker: StableDiffusionSafetyChecker) -> Path:
    """Return a copy of a diffusers folder with a checker in it."""
    shutil.copytree(source, folder)
    add_checker(folder, checker)
    return folder
