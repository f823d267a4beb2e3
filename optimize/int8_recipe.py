"""How a UNet becomes int8 and keeps its picture: the recipe, measured in docs/decisions/0016."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import openvino as ov

from optimize.memory import importing
from optimize.trajectory import UNetCall, Walk
from runtime.arrays import AnyArray
from runtime.model_folder import ModelFolder

SAMPLES = 64  # calls of the UNet, both halves of guidance in each, drawn over prompts and timesteps
STEPS = 20
ROUNDS = 4  # through the prompts, by models that take few steps
SEED = 77
HELD_OUT_SEED = 7_000
PICTURES = 4  # that a quantized model is compared on
_WEIGHTED = ("Convolution", "MatMul")
# What a real model is calibrated on: subjects, styles, light and words of many lengths, none of them special.
PROMPTS = (
    "a photograph of an astronaut riding a horse on the moon",
    "portrait of an old fisherman, wrinkled skin, soft window light, 85mm",
    "a bowl of ramen with a boiled egg, top view, food photography",
    "an oil painting of a harbour at dawn, thick brush strokes",
    "a red bicycle leaning on a white brick wall",
    "isometric pixel art of a small bakery, bright colours",
    "a snow-covered mountain lake under the northern lights, long exposure, highly detailed",
    "a sleeping cat",
)
DEMO_PROMPTS = (
    "a red house on the left on green hills under a night sky, a moon on the right",
    "a blue boat in the middle of the sea at sunset, the sun on the left",
    "a white castle on the right in the mountains by day, a sun on the left, clouds",
    "a green cactus on the left in the desert at dawn, the sun on the right",
    "an orange tree in the middle of the hills by day, the sun on the right",
    "a purple tower on the right by the sea at night, a moon on the left",
    "a yellow house in the middle of the mountains at sunset",
    "a red boat on the left of the sea by day, the sun on the right",
)


def walk_of(model: ModelFolder) -> Walk:
    """Return the pictures a model is calibrated on: its own sampler, its own size, as `generate` asks it.

    Models of few steps take more pictures, so that there are as many calls to draw from.
    """
    asked = model.defaults
    few = asked.num_inference_steps < STEPS
    return Walk(
        prompts=prompts_of(model) * (ROUNDS if few else 1),
        seed=SEED,
        steps=asked.num_inference_steps if few else STEPS,
        guidance_scale=asked.guidance_scale,
        guided=model.takes_guidance and asked.guidance_scale > 1,
        width=model.default_width,
        height=model.default_height,
    )


def held_out_walk(model: ModelFolder) -> Walk:
    """Return the pictures that a quantized model is compared on: other seeds, each with another prompt."""
    walk = walk_of(model)
    return replace(walk, prompts=tuple(reversed(walk.prompts))[:PICTURES], seed=HELD_OUT_SEED)


def prompts_of(model: ModelFolder) -> tuple[str, ...]:
    """Return what the model draws: the demo's own scenes, where its vocabulary holds little else."""
    return DEMO_PROMPTS if int(model.config("text_encoder").get("vocab_size", 0)) < 20_000 else PROMPTS


def choose_samples(calls: Sequence[UNetCall]) -> list[dict[str, AnyArray]]:
    """Return the inputs of SAMPLES of the calls, drawn over all prompts and timesteps.

    One half of guidance at a time, since the statistics of a batch of two take twice the memory.
    """
    order = np.random.default_rng(0).permutation(len(calls))
    chosen = sorted(order[:SAMPLES])
    return [
        {
            "sample": call.sample[row : row + 1],
            "timestep": np.array([round(call.timestep)], np.int64),
            "encoder_hidden_states": call.encoder_hidden_states[row : row + 1],
            **{name: values[row : row + 1] for name, values in call.extra.items()},
        }
        for call in (calls[index] for index in chosen)
        for row in range(len(call.sample))
    ]


def quantize_fully(
    network: ov.Model, samples: Sequence[dict[str, AnyArray]], kept: Sequence[str]
) -> ov.Model:
    """Return the UNet with weights and activations of its convolutions and products in int8.

    Weights per output channel, symmetric; activations per tensor, asymmetric (unsigned for the CPU's
    kernels). In floating point stay the first and the last convolution and all that makes the time
    embedding: together under 1 % of the work, and most of the error.
    """
    nncf = _nncf()
    return nncf.quantize(
        network,
        nncf.Dataset(samples),
        preset=nncf.QuantizationPreset.MIXED,
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(samples),
        fast_bias_correction=True,
        ignored_scope=nncf.IgnoredScope(names=list(kept)),
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            smooth_quant_alphas=nncf.AdvancedSmoothQuantParameters(convolution=-1, matmul=-1)
        ),
    )


def quantize_weights(network: ov.Model) -> ov.Model:
    """Return the UNet with weights in int8 per output channel; it computes as before."""
    nncf = _nncf()
    return nncf.compress_weights(network, mode=nncf.CompressWeightsMode.INT8_ASYM)


def kept_in_float(network: ov.Model) -> tuple[str, ...]:
    """Return the operations whose rounding costs most, found by their place and not by their names.

    The first convolution and the last, and every product that hangs on the timestep alone.
    """
    operations = [op for op in network.get_ordered_ops() if op.get_type_name() in _WEIGHTED]
    of_sample = _downstream(network, "sample")
    of_prompt = _downstream(network, "encoder_hidden_states")
    convolutions = [op for op in operations if op.get_type_name() == "Convolution"]
    edges = {op.get_friendly_name() for op in (convolutions[0], convolutions[-1])}
    return tuple(
        name
        for name in (op.get_friendly_name() for op in operations)
        if name in edges or (name not in of_sample and name not in of_prompt)
    )


def _downstream(network: ov.Model, name: str) -> set[str]:
    """Return the friendly names of what an input reaches."""
    start = next(port.get_node() for port in network.inputs if name in port.get_names())
    seen, front = {start.get_friendly_name()}, [start]
    while front:
        for output in front.pop().outputs():
            for target in output.get_target_inputs():
                node = target.get_node()
                if node.get_friendly_name() not in seen and node.get_type_name() != "ShapeOf":
                    seen.add(node.get_friendly_name())
                    front.append(node)
    return seen


def _nncf() -> Any:
    """Import NNCF, quiet and without its reports (openvino_telemetry: see optimize/__init__)."""
    with importing():
        import nncf

    nncf.set_log_level(logging.ERROR)
    return nncf
