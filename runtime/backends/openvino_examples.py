"""Inputs to try a component with, and whether what it gave is right."""

import numpy as np

from runtime.arrays import AnyArray, Array
from runtime.backends.base import Shape
from runtime.backends.openvino_compile import component_shapes
from runtime.backends.openvino_sentinels import difference, is_flat, limit, plain_fault
from runtime.model_folder import ModelFolder

TIMESTEP = 501.5
NOISE_LEVEL = 20  # of an upscaler


def example_inputs(model: ModelFolder, component: str, shape: Shape) -> dict[str, AnyArray]:
    """Return every input of a component, the same ones each time, of the size that pictures have."""
    draw = np.random.default_rng(0)
    inputs: dict[str, AnyArray] = {}
    for name, sizes in component_shapes(model, component, shape).items():
        if name == "input_ids":
            vocabulary = int(model.config(component).get("vocab_size", 1000))
            inputs[name] = draw.integers(0, vocabulary, sizes)
        elif name == "class_labels":
            inputs[name] = np.full(sizes, NOISE_LEVEL, np.int64)
        elif name == "timestep":
            inputs[name] = np.full(sizes, TIMESTEP, np.float32)
        elif name == "time_ids":
            inputs[name] = np.resize(np.array([shape.height, shape.width, 0, 0], np.float32), sizes)
        else:
            inputs[name] = draw.standard_normal(sizes, np.float32)
    if component == "unet" and shape.guided:
        half = inputs["sample"][: shape.batch]  # both halves of guidance see the same latents
        inputs["sample"] = np.concatenate([half, half])
    if component == "vae_decoder":
        inputs["latent_sample"] = inputs["latent_sample"] / np.float32(model.scaling_factor)
    if component in ("vae_encoder", "depth_estimator"):
        inputs = {name: np.clip(pixels, -1, 1) for name, pixels in inputs.items()}
    return inputs


def fault_of(output: Array, right: Array, precision: str, stored: str) -> str:
    """Say what is wrong with a result, given the CPU's in f32; empty for one that will do.

    `precision` is what it was computed in, `stored` that of the weights on disk.
    """
    if output.shape != right.shape:
        return f"gave {output.shape} instead of {right.shape}"
    if fault := plain_fault(output):
        return fault
    if is_flat(output) and not is_flat(right):
        return "gave a flat result"
    off, allowed = difference(output, right), limit(precision, stored)
    return f"is {off:.2g} off the CPU in f32, more than {allowed:g}" if off > allowed else ""
