"""What each network is asked in PyTorch: tensors in by name, a tuple of tensors out."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from runtime.arrays import Array
from runtime.control_shapes import RESIDUALS, residual_shapes, sizes

Tensors = Mapping[str, torch.Tensor]
Forward = Callable[[Any, Tensors], tuple[torch.Tensor, ...]]
ADDED = ("text_embeds", "time_ids")  # conditions that diffusers takes in a dictionary of their own


def layer(clip_skip: int) -> Forward:
    """Return what reads a layer of a text encoder of SD 1 and 2, from the last, with the last norm."""

    def forward(network: Any, inputs: Tensors) -> tuple[torch.Tensor, ...]:
        if clip_skip == 1:
            return (network(inputs["input_ids"]).last_hidden_state,)
        layers = network(inputs["input_ids"], output_hidden_states=True).hidden_states
        return (network.text_model.final_layer_norm(layers[-clip_skip]),)

    return forward


def last_but_one_layer(network: Any, inputs: Tensors) -> tuple[torch.Tensor, ...]:
    """Return what SDXL takes of its first text encoder."""
    return (network(inputs["input_ids"], output_hidden_states=True).hidden_states[-2],)


def layer_and_pooled(network: Any, inputs: Tensors) -> tuple[torch.Tensor, ...]:
    """Return what SDXL takes of its second text encoder: the last but one layer, and the projection."""
    encoded = network(inputs["input_ids"], output_hidden_states=True)
    return encoded.hidden_states[-2], encoded.text_embeds


def prediction(timestep: float) -> Forward:
    """Return what asks a UNet at a timestep."""

    def forward(network: Any, inputs: Tensors) -> tuple[torch.Tensor, ...]:
        # A tensor: torch.compile would compile anew for every number.
        when = torch.tensor(timestep, dtype=torch.float32, device=inputs["sample"].device)
        arguments: dict[str, Any] = {name: tensor for name, tensor in inputs.items() if name not in ADDED}
        if len(arguments) < len(inputs):
            arguments["added_cond_kwargs"] = {name: inputs[name] for name in ADDED}
        given = arguments.pop(RESIDUALS, None)
        if given is not None:
            *arguments["down_block_additional_residuals"], arguments["mid_block_additional_residual"] = (
                _parts(network.config, inputs["sample"], given)
            )
        return (network(timestep=when, **arguments).sample,)

    return forward


def residuals(timestep: float) -> Forward:
    """Return what asks a ControlNet at a timestep: all residuals in one tensor (B, N)."""

    def forward(network: Any, inputs: Tensors) -> tuple[torch.Tensor, ...]:
        when = torch.tensor(timestep, dtype=torch.float32, device=inputs["sample"].device)
        said = network(timestep=when, **inputs)
        every = (*said.down_block_res_samples, said.mid_block_res_sample)
        return (torch.cat([part.flatten(1) for part in every], dim=1),)

    return forward


def _parts(config: Any, sample: torch.Tensor, given: torch.Tensor) -> list[torch.Tensor]:
    """Return the residuals of a row (B, N) as the UNet takes them."""
    shapes = residual_shapes(config, *sample.shape[2:])
    parts = torch.split(given, sizes(shapes), dim=1)
    return [part.reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True)]


def decoded(network: Any, inputs: Tensors) -> tuple[torch.Tensor, ...]:
    """Return the pixels of latents."""
    return (network.decode(inputs["latents"]).sample,)


def posterior(network: Any, inputs: Tensors) -> tuple[torch.Tensor, ...]:
    """Return mean and standard deviation of the latents of pixels."""
    found = network.encode(inputs["pixels"]).latent_dist
    return found.mean, found.std


def depth(network: Any, inputs: Tensors) -> tuple[torch.Tensor, ...]:
    """Return the inverse depth of pixels."""
    return (network(inputs["pixels"]).predicted_depth,)


def scores(network: Any, inputs: Tensors) -> tuple[torch.Tensor, ...]:
    """Return how near pixels are to each concept of a safety checker, less its threshold; care first."""
    embeds = network.visual_projection(network.vision_model(inputs["pixels"])[1])
    directions = torch.cat([network.special_care_embeds, network.concept_embeds])
    near = torch.nn.functional.normalize(embeds, dim=-1) @ torch.nn.functional.normalize(directions, dim=-1).T
    return (near - torch.cat([network.special_care_embeds_weights, network.concept_embeds_weights]),)


def array_of(tensor: torch.Tensor) -> Array:
    """Return a tensor as float32 in host memory."""
    return np.ascontiguousarray(tensor.float().cpu().numpy())
