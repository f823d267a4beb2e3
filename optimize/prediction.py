"""What a checkpoint's UNet predicts, and at which size it was trained: what its file or its maker says.

Nothing in the layout tells for sure. These are the signs that the field uses, the surest first: what the
person says; the file's own metadata (github.com/Stability-AI/ModelSpec); a tensor named `v_pred`; the .yaml
beside the file; and for Stable Diffusion 2.x, the spread of one normalisation, which is wider in the models
that predict v.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from optimize.tensor_values import tensor_values
from runtime.checkpoint import UNET_PREFIX, Checkpoint
from runtime.safetensors_header import SafetensorsHeader

_SPECIFIED = {"epsilon": "epsilon", "eps": "epsilon", "v": "v_prediction", "v_prediction": "v_prediction"}
_YAML = re.compile(rb"^\s*parameterization:\s*['\"]?(v|eps)['\"]?\s*$", re.MULTILINE)
_MAX_YAML_BYTES = 1 << 20
_RESOLUTION = re.compile(r"(\d{3,4})x\1")
_SPREAD_NAME = f"{UNET_PREFIX}output_blocks.11.1.transformer_blocks.0.norm1.bias"
_V_SPREAD = 0.09  # what ComfyUI tells them apart by


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What is taken to hold of a checkpoint."""

    type: str  # of PREDICTION_TYPES
    side: int | None  # pixels, where the file says it
    is_zero_snr: bool  # trained to begin from noise alone
    why: str  # what it follows from; empty where the kind has no other


def find_prediction(checkpoint: Checkpoint, asked: str | None) -> Prediction:
    """Return what the UNet predicts; raises ModelFolderError when the file cannot be read any more."""
    header = checkpoint.header
    found, why = _of_type(checkpoint, asked)
    resolution = _RESOLUTION.fullmatch(header.metadata.get("modelspec.resolution", ""))
    side = int(resolution[1]) if resolution and int(resolution[1]) % 64 == 0 else None
    return Prediction(type=found, side=side, is_zero_snr="ztsnr" in header.tensors, why=why)


def _of_type(checkpoint: Checkpoint, asked: str | None) -> tuple[str, str]:
    header = checkpoint.header
    if asked is not None:
        return asked, "asked for"
    said = header.metadata.get("modelspec.prediction_type", "").lower()
    if said in _SPECIFIED:
        return _SPECIFIED[said], "modelspec.prediction_type of the file"
    if header.metadata.get("modelspec.architecture", "").lower().endswith("-v"):
        return "v_prediction", "modelspec.architecture of the file"
    if "v_pred" in header.tensors:
        return "v_prediction", "the file's mark v_pred"
    beside = _in_yaml(checkpoint.path.with_suffix(".yaml"))
    if beside:
        return beside, f"{checkpoint.path.stem}.yaml beside the file"
    kind = checkpoint.kind
    if kind is None or kind.configs != "sd2" or kind.channels != 4:
        return "epsilon", ""
    return _by_spread(header)


def _in_yaml(path: Path) -> str:
    """Return what a configuration of the original code says, empty where there is none."""
    try:
        with path.open("rb") as file:
            found = _YAML.search(file.read(_MAX_YAML_BYTES))
    except OSError:  # most checkpoints come without one
        return ""
    return _SPECIFIED[found[1].decode()] if found else ""


def _by_spread(header: SafetensorsHeader) -> tuple[str, str]:
    tensor = header.tensors.get(_SPREAD_NAME)
    if tensor is None or tensor.numbers > 1 << 16:
        return "epsilon", "assumed: nothing in the file says it; --prediction-type says otherwise"
    spread = float(tensor_values(header, _SPREAD_NAME).std())
    found = "v_prediction" if spread > _V_SPREAD else "epsilon"
    return found, (
        f"assumed: a normalisation spreads by {spread:.2f}, models that predict v by more than {_V_SPREAD}; "
        "--prediction-type says otherwise"
    )
