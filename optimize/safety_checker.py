"""What of the safety checker is exported: a score for each concept, nearness less threshold, care first."""

from types import SimpleNamespace
from typing import Any


def give_scores(module: Any) -> None:
    """Make `forward` of diffusers' StableDiffusionSafetyChecker return the scores (B, 20) of pixels."""
    import torch

    with torch.no_grad():  # they become constants
        thresholds = torch.cat([module.special_care_embeds_weights, module.concept_embeds_weights])
        concepts = torch.cat([module.special_care_embeds, module.concept_embeds])
        directions = torch.nn.functional.normalize(concepts, dim=-1)

    def forward(pixel_values: Any) -> SimpleNamespace:
        embeds = module.visual_projection(module.vision_model(pixel_values)[1])
        near = torch.nn.functional.normalize(embeds, dim=-1) @ directions.T
        return SimpleNamespace(scores=near - thresholds)

    module.forward = forward
