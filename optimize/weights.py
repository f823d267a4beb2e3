"""Storing the weights of an IR in FP16, without rounding what is too small to be worth it."""

from pathlib import Path

import numpy as np
import openvino as ov
from openvino._offline_transformations import compress_model_transformation

from optimize.mapped import mapped_model
from runtime.arrays import AnyArray
from runtime.weight_files import XML_NAME

# The frequencies of the timestep embedding, attention scales and the like: a few numbers that, rounded, turn
# a timestep of 999 by a quarter of a radian. Together they take less than a kilobyte.
_SMALL = 1024


def store_fp16(folder: Path, output: Path) -> bool:
    """Write the FP32 IR in `folder` to `output` with weights in FP16; return whether any was rounded.

    Constants of at most 1024 numbers that FP16 cannot hold stay FP32, so that the IR of a model published in
    FP16 has exactly its weights. Raises RuntimeError (from OpenVINO) when the files cannot be written.
    """
    core = ov.Core()
    with mapped_model(core, folder) as model:
        lossy = _compress(model)
        ov.save_model(model, output / XML_NAME, compress_to_fp16=False)
    return lossy


def _compress(model: ov.Model) -> bool:
    kept: dict[str, AnyArray] = {}
    lossy = False
    for node in model.get_ops():
        if node.get_type_name() == "Constant" and node.get_element_type() == ov.Type.f32:
            rounds = _rounds(node.data)
            if node.data.size > _SMALL:
                lossy = lossy or rounds
                _compress_alone(node)
            elif rounds:
                kept[node.get_friendly_name()] = node.data.copy()
    compress_model_transformation(model)
    for node in model.get_ops():  # each FP16 constant is followed by a Convert that took over its name
        if node.get_type_name() == "Convert" and node.get_friendly_name() in kept:
            constant = ov.opset13.constant(kept.pop(node.get_friendly_name()), ov.Type.f32)
            constant.set_friendly_name(node.get_friendly_name())
            ov.utils.replace_node(node, constant)
    return lossy


def _compress_alone(constant: ov.Node) -> None:
    """Put FP16 in the place of one constant, wherever it is used; all at once would read all of the file."""
    names = constant.output(0).get_names()
    alone = ov.Model([constant.output(0)], [])
    compress_model_transformation(alone)
    for result in alone.get_results():
        result.input_value(0).set_names(names)  # without that of the result


def _rounds(values: AnyArray) -> bool:
    """Whether any of the numbers is not the same in FP16; looked at in pieces, to need little memory."""
    flat = values.reshape(-1)
    step = 1 << 22
    with np.errstate(over="ignore"):
        return any(
            bool((piece.astype(np.float16) != piece).any())
            for piece in (flat[start : start + step] for start in range(0, flat.size, step))
        )
