"""The names a layer goes by: its path in diffusers, and what other programs call the same layer.

Everything is compared without dots, since kohya-ss/sd-scripts writes underscores for them: "down_blocks.0" is
"down_blocks_0". For SDXL it uses the names of the original code (Stability AI "sgm"), "input_blocks_1".
"""

import re
from collections.abc import Iterable, Mapping

_RESNET = {"conv1": "in_layers.2", "conv2": "out_layers.3", "time_emb_proj": "emb_layers.1"}
_RESNET |= {"conv_shortcut": "skip_connection"}
_FIXED = {
    "conv_in": "input_blocks.0.0",
    "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
}
_PLACE = re.compile(
    r"(down_blocks|up_blocks)\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)"
)
_MIDDLE = re.compile(r"mid_block\.(resnets|attentions)\.(\d+)\.(.+)")


def flat(path: str) -> str:
    """Return a layer's name without dots; text encoders are called with and without "text_model"."""
    return path.removeprefix("text_model.").replace(".", "_").removeprefix("text_model_")


def names_of(paths: Iterable[str]) -> Mapping[str, str]:
    """Return the path of each layer by every flat name that it goes by."""
    paths = tuple(paths)
    depth = _resnets_of_a_level(paths)
    attended = {int(found[2]) for found in map(_PLACE.fullmatch, paths) if found and _is_up_attention(found)}
    names: dict[str, str] = {}
    for path in paths:
        original = _original(path, depth, attended)
        if original is not None:
            names[flat(original)] = path
    return names | {flat(path): path for path in paths}


def _original(path: str, depth: int, attended: set[int]) -> str | None:
    """Return what the original code calls a layer of a UNet, or None for none of its layers.

    A level has `depth` resnets on the way down and one more up; those in `attended` attend on the way up.
    """
    if path in _FIXED:
        return _FIXED[path]
    middle = _MIDDLE.fullmatch(path)
    if middle:
        number = 1 if middle[1] == "attentions" else 2 * int(middle[2])
        return f"middle_block.{number}.{_inner(middle[1], middle[3])}"
    found = _PLACE.fullmatch(path)
    if found is None:
        return None
    side, level, kind, number, rest = found[1], int(found[2]), found[3], int(found[4]), found[5]
    place = 1 if kind == "attentions" else 0
    if side == "down_blocks":
        if kind == "downsamplers":
            return f"input_blocks.{(level + 1) * (depth + 1)}.0.op" if rest == "conv" else None
        return f"input_blocks.{1 + level * (depth + 1) + number}.{place}.{_inner(kind, rest)}"
    if kind == "upsamplers":
        return f"output_blocks.{level * (depth + 1) + depth}.{2 if level in attended else 1}.{rest}"
    return f"output_blocks.{level * (depth + 1) + number}.{place}.{_inner(kind, rest)}"


def _inner(kind: str, rest: str) -> str:
    return _RESNET.get(rest, rest) if kind == "resnets" else rest


def _is_up_attention(found: re.Match[str]) -> bool:
    return found[1] == "up_blocks" and found[3] == "attentions"


def _resnets_of_a_level(paths: Iterable[str]) -> int:
    numbers = [
        int(found[4])
        for found in map(_PLACE.fullmatch, paths)
        if found and found[1] == "down_blocks" and found[3] == "resnets"
    ]
    return max(numbers, default=1) + 1
