"""What a single .safetensors file is, told by the names and shapes in its header: a row per kind.

The layout is that of the original code (CompVis "ldm", Stability AI "sgm"), which community checkpoints have.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runtime.errors import ModelFolderError
from runtime.safetensors_header import SafetensorsHeader, read_header

PREDICTION_TYPES = ("epsilon", "v_prediction")  # of a UNet in the original layout
PICKLES = (".ckpt", ".pt", ".pth", ".bin", ".pkl")
UNET_PREFIX = "model.diffusion_model."
_FIRST = "input_blocks.0.0.weight"
_CONTEXT = re.compile(r"input_blocks\.\d+\.1\.transformer_blocks\.0\.attn2\.to_k\.weight")
_WIDTH = 320  # of the first layer of every kind below
_FLOATS = ("F32", "F16", "BF16")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One architecture in its original layout."""

    name: str
    configs: str  # folder with its configurations
    context: int  # width of what the text encoders give to the UNet
    channels: int  # that the UNet takes
    deepest: str  # a weight of the UNet that a smaller relative lacks
    text_encoders: tuple[str, ...]
    pipeline_class: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """Where one component of a model lies in a file, and how its weights are named there.

    `layout` is "unet", "vae", "clip", "open_clip" or, where names are diffusers' own, "diffusers".
    """

    file: Path
    layout: str
    prefix: str
    numbers: int  # weights under the prefix


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A recognised file. `parts` has a row for each component found, by its name in a diffusers folder."""

    header: SafetensorsHeader
    kind: Kind | None  # None where a file was opened for an architecture that no row has
    parts: Mapping[str, Part]

    @property
    def path(self) -> Path:
        """The file."""
        return self.header.path


_SD_DEEPEST = "input_blocks.8.1.transformer_blocks.0.attn2.to_k.weight"
_XL_DEEPEST = "input_blocks.8.1.transformer_blocks.9.attn2.to_k.weight"
_ONE, _TWO = ("text_encoder",), ("text_encoder", "text_encoder_2")


def _kind(name: str, configs: str, context: int, channels: int, pipeline_class: str) -> Kind:
    is_xl = configs == "sdxl"
    return Kind(
        name=name,
        configs=configs,
        context=context,
        channels=channels,
        deepest=_XL_DEEPEST if is_xl else _SD_DEEPEST,
        text_encoders=_TWO if is_xl else _ONE,
        pipeline_class=pipeline_class,
    )


KINDS = (
    _kind("Stable Diffusion 1.x", "sd1", 768, 4, "StableDiffusionPipeline"),
    _kind("Stable Diffusion 1.x inpainting", "sd1", 768, 9, "StableDiffusionInpaintPipeline"),
    _kind("Stable Diffusion 2.x", "sd2", 1024, 4, "StableDiffusionPipeline"),
    _kind("Stable Diffusion 2.x inpainting", "sd2", 1024, 9, "StableDiffusionInpaintPipeline"),
    _kind("Stable Diffusion XL", "sdxl", 2048, 4, "StableDiffusionXLPipeline"),
    _kind("Stable Diffusion XL inpainting", "sdxl", 2048, 9, "StableDiffusionXLInpaintPipeline"),
)

# Component -> the ways in which it is found: a weight that shows it, the prefix of all of them, the layout.
_PLACES: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "unet": ((_FIRST, UNET_PREFIX, "unet"),),
    "vae": (
        ("decoder.conv_in.weight", "first_stage_model.", "vae"),
        ("decoder.conv_in.weight", "vae.", "vae"),
    ),
    "text_encoder": (
        ("embeddings.token_embedding.weight", "cond_stage_model.transformer.text_model.", "clip"),
        ("embeddings.token_embedding.weight", "cond_stage_model.transformer.", "clip"),
        ("token_embedding.weight", "cond_stage_model.model.", "open_clip"),
        ("embeddings.token_embedding.weight", "conditioner.embedders.0.transformer.text_model.", "clip"),
        ("token_embedding.weight", "conditioner.embedders.0.model.", "open_clip"),
    ),
    "text_encoder_2": (("token_embedding.weight", "conditioner.embedders.1.model.", "open_clip"),),
}
_VAE_PLACES = (
    *_PLACES["vae"],
    ("decoder.mid_block.resnets.0.conv1.weight", "", "diffusers"),
    ("decoder.mid.block_1.conv1.weight", "", "vae"),
)

# What other files there are, by a pattern that one of their names has: the first that is found.
_A_COMPONENT = "one network in diffusers' layout"
_OTHERS = (
    (r"\.lora_(up|down|A|B)\.|\.lora\.(up|down)\.|\.hada_w|\.lokr_w", "a LoRA, an addition to a model"),
    (r"^control_model\.|^controlnet_", "a ControlNet, an addition to a model"),
    (r"joint_blocks\.0\.", "a Stable Diffusion 3, which has no UNet"),
    (r"double_blocks\.0\.|double_stream_blocks\.0\.", "a Flux or one of its kind, which has no UNet"),
    (r"motion_modules?\.", "made for video"),
    (r"^emb_params$|^string_to_param|^clip_[lg]$", "a textual inversion, an addition to a model"),
    (r"^down_blocks\.0\.", _A_COMPONENT),
    (r"^text_model\.", _A_COMPONENT),
    (r"^(first_stage_model\.)?decoder\.(mid|conv_in)", "a VAE alone, which goes with --vae"),
)
# Marks of models whose keys are otherwise those of a kind above.
_RELATIVES = (
    (f"{UNET_PREFIX}time_embed.cond_proj.weight", "distilled with a guidance embedding (LCM)"),
    ("edm_mean", "a Playground 2.5, whose latents have a scale of their own"),
    ("edm_vpred.sigma_max", "a CosXL, which has a noise schedule of its own"),
    (f"{UNET_PREFIX}input_blocks.1.1.transformer_blocks.0.norm_in.weight", "made for video"),
)


def open_checkpoint(path: Path, *, recognise: bool = True) -> Checkpoint:
    """Read a file's header and find what it holds; raises ModelFolderError in one sentence otherwise.

    Without `recognise`, any UNet in the original layout is accepted: the caller knows its architecture.
    """
    refuse_pickle(path)
    header = read_header(path)
    shape = _unet_shape(header)
    kind = _kind_of(header, shape) if recognise else None
    parts = {name: _find(header, places) for name, places in _PLACES.items()}
    return Checkpoint(
        header=header, kind=kind, parts={name: part for name, part in parts.items() if part is not None}
    )


def open_vae_file(path: Path) -> Part:
    """Find the VAE in a file: its own, a whole model's, either layout; raises ModelFolderError."""
    refuse_pickle(path)
    part = _find(read_header(path), _VAE_PLACES)
    if part is None:
        raise ModelFolderError(f"{path} holds no VAE: give a VAE's .safetensors file or diffusers folder")
    return part


def refuse_pickle(path: Path) -> None:
    """Raise ModelFolderError for a file in a format that is a program."""
    if path.suffix.lower() in PICKLES:
        raise ModelFolderError(
            f"{path} is a pickle, a program that runs when it is read: take the model's .safetensors file "
            "instead; most publishers have one"
        )
    if path.suffix.lower() != ".safetensors":
        raise ModelFolderError(f"{path} is no model file: give a .safetensors file or a diffusers folder")


def _unet_shape(header: SafetensorsHeader) -> tuple[int, ...]:
    """Return the shape of the first layer of the UNet, of four axes; refuses what has no such UNet."""
    for pattern, what in _OTHERS[:-1]:
        if any(re.search(pattern, name) for name in header.tensors):
            raise ModelFolderError(f"{header.path} is {what}: give a whole model")
    first = header.tensors.get(UNET_PREFIX + _FIRST)
    if first is None or len(first.shape) != 4:
        pattern, what = _OTHERS[-1]
        if any(re.search(pattern, name) for name in header.tensors):
            raise ModelFolderError(f"{header.path} is {what}: give a whole model")
        some = ", ".join(f"{name!r:.60}" for name in sorted(header.tensors)[:2]) or "nothing"
        raise ModelFolderError(
            f"{header.path} is no Stable Diffusion in the original layout (it holds {some}): "
            "give a checkpoint, or a diffusers folder"
        )
    return first.shape


def _kind_of(header: SafetensorsHeader, first: tuple[int, ...]) -> Kind:
    """Return the row that a file with a UNet fits."""
    tensors, path = header.tensors, header.path
    for name, what in _RELATIVES:
        if name in tensors:
            raise ModelFolderError(f"{path} is {what}: this cannot be converted from a single file yet")
    inner = (name.removeprefix(UNET_PREFIX) for name in tensors if name.startswith(UNET_PREFIX))
    attention = next((name for name in inner if _CONTEXT.fullmatch(name)), None)
    context = tensors[UNET_PREFIX + attention].shape[-1] if attention else 0
    for kind in KINDS:
        if (kind.context, kind.channels) == (context, first[1]) and first[0] == _WIDTH:
            if UNET_PREFIX + kind.deepest not in tensors:
                raise ModelFolderError(
                    f"{path} is smaller than a {kind.name} (it lacks {kind.deepest}): give its "
                    "configurations with --config"
                )
            return kind
    raise ModelFolderError(
        f"{path} has a UNet of {first[0]} channels that takes {first[1]} and prompts of width {context}, "
        f"which is none of {', '.join(kind.name for kind in KINDS)}: give its configurations with --config"
    )


def _find(header: SafetensorsHeader, places: tuple[tuple[str, str, str], ...]) -> Part | None:
    """Return the first of the places that the file has; raises ModelFolderError for numbers unheard of."""
    for shown, prefix, layout in places:
        if prefix + shown not in header.tensors:
            continue
        # Names of one place may begin with the prefix of another: only what is below it counts.
        found = {name: tensor for name, tensor in header.tensors.items() if name.startswith(prefix)}
        for name, tensor in found.items():
            is_weight = len(tensor.shape) > 1 and not name.endswith("position_ids")
            if is_weight and tensor.dtype not in _FLOATS:
                raise ModelFolderError(
                    f"{header.path} stores {name!r:.80} as {tensor.dtype}: take a version of it in "
                    f"{', '.join(_FLOATS)}"
                )
        numbers = sum(tensor.numbers for tensor in found.values())
        return Part(file=header.path, layout=layout, prefix=prefix, numbers=numbers)
    return None
