"""Damaged and foreign adapter files: one sentence each, no crash, and the model as it was."""

import json
import random
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.adapters.embedding import check_fits, read_embedding
from runtime.adapters.lora import read_lora
from runtime.adapters.match import Matcher, Weighed
from runtime.errors import LapdrawError
from tests.safetensors_files import header_of, write_header

WIDTH = 16
LAYERS: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "unet": {
        "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k": (8, WIDTH),
        "down_blocks.0.attentions.0.proj_in": (8, 8, 1, 1),
        "down_blocks.0.resnets.0.conv1": (8, 4, 3, 3),
        "mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0": (8, 8),
    },
    "text_encoder": {"text_model.encoder.layers.0.self_attn.q_proj": (WIDTH, WIDTH)},
}
Tensors = dict[str, np.ndarray]


def good_lora() -> Tensors:
    rng = np.random.default_rng(0)
    tensors: Tensors = {}
    for network, layers in LAYERS.items():
        prefix = "lora_unet_" if network == "unet" else "lora_te_"
        for path, shape in layers.items():
            key = prefix + path.replace(".", "_")
            ones = (1, 1) if len(shape) == 4 else ()
            tensors[f"{key}.lora_down.weight"] = rng.standard_normal((4, *shape[1:])).astype(np.float32)
            tensors[f"{key}.lora_up.weight"] = rng.standard_normal((shape[0], 4, *ones)).astype(np.float32)
            tensors[f"{key}.alpha"] = np.float32(4)
    return tensors


def good_embedding() -> Tensors:
    return {"emb_params": np.random.default_rng(0).standard_normal((3, WIDTH)).astype(np.float32)}


def written(path: Path, tensors: Mapping[str, Any], kinds: Mapping[str, str] | None = None) -> Path:
    """Write tensors; `kinds` says another type of some than they have."""
    header, blob = {}, b""
    for name, tensor in tensors.items():
        array = np.asarray(tensor)
        kind = {"f4": "F32", "f2": "F16", "i8": "I64", "f8": "F64"}[array.dtype.str[1:]]
        data = array.tobytes()
        header[name] = {
            "dtype": (kinds or {}).get(name, kind),
            "shape": list(array.shape),
            "data_offsets": [len(blob), len(blob) + len(data)],
        }
        blob += data
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + blob)
    return path


@np.errstate(all="ignore")  # of a cast to whole numbers
def mutated(tensors: Tensors, path: Path, draw: random.Random) -> Path:
    """Write the tensors with one to three faults of names, shapes, types, values or bytes."""
    kinds: dict[str, str] = {}
    for _ in range(draw.randint(1, 3)):
        name = draw.choice(sorted(tensors)) if tensors else ""
        fault = draw.randrange(12)
        if not tensors or fault == 0:
            tensors.pop(name, None)
        elif fault == 1:
            tensors[draw.choice(["x", "", "é\u0000", "a" * 500]) + name] = tensors.pop(name)
        elif fault == 2:
            tensors[name.replace("lora_unet", "lora_te2").replace("_0_", "_9_")] = tensors[name]
        elif fault == 3:
            shape = [draw.randint(0, 9) for _ in range(draw.randint(0, 5))]
            tensors[name] = np.ones(shape, np.float32)
        elif fault == 4:
            tensors[name] = np.full_like(tensors[name], draw.choice([np.nan, np.inf, -np.inf, 3e38]))
        elif fault == 5:
            kind = draw.choice([np.int64, np.float64, np.float16])
            tensors[name] = np.asarray(tensors[name]).astype(kind)
        elif fault == 6:
            tensors[name] = np.ones((draw.choice([2049, 5000]), 4, *[1] * draw.choice([0, 2])), np.float32)
        elif fault == 7:
            kinds[name] = draw.choice(["F8_E4M3", "BF16", "I32", "BOOL", "U8", "F99", ""])
        elif fault == 8:
            tensors[name.replace("lora_down", draw.choice(["hada_w1_a", "lokr_w1", "diff", "lora_mid"]))] = (
                tensors[name]
            )
        elif fault == 9:
            tensors[f"{name.rpartition('.')[0]}.alpha"] = np.float32(draw.choice([0, -1, 1e38, 1e-45]))
        elif fault == 10:
            tensors[name] = np.asarray(tensors[name]).reshape(-1)
        else:
            tensors |= {"double_blocks.0.x": np.ones(1, np.float32)}
    written(path, tensors, kinds)
    content = bytearray(path.read_bytes())
    for _ in range(draw.choice([0, 0, 0, 1, 3])):  # and bytes of the file itself
        content[draw.randrange(min(len(content), 400))] = draw.randrange(256)
    if draw.random() < 0.1:
        content = content[: draw.randrange(len(content) + 1)]
    path.write_bytes(content)
    return path


def outcome(path: Path, kind: str) -> str:
    """Return what a file is refused with, "" when it is taken; anything else than a sentence is a fault."""
    try:
        if kind == "embedding":
            check_fits(read_embedding(path), {"text_encoder": WIDTH})
            return ""
        lora = read_lora(path)
        matcher = Matcher(networks=tuple(LAYERS), layers_of=LAYERS.__getitem__, width=WIDTH)
        for network, changes in matcher.match([Weighed(lora=lora, text=1, unet=1)]).items():
            for layer, change in changes.items():
                assert change.weight_shape == LAYERS[network][layer]
                assert np.isfinite(change.down).all()
                assert np.isfinite(change.up).all()
    except LapdrawError as error:
        return str(error)
    return ""


def try_files(count: int, folder: Path) -> dict[str, int]:
    draw = random.Random(8)
    counts = {"taken": 0, "refused": 0}
    for number in range(count):
        kind = "embedding" if number % 4 == 3 else "lora"
        good = good_embedding() if kind == "embedding" else good_lora()
        path = mutated(good, folder / "a.safetensors", draw)
        said = outcome(path, kind)
        assert "\n" not in said, said
        assert len(said) < 900, said
        assert not said or ": " in said
        counts["refused" if said else "taken"] += 1
    return counts


def test_the_files_before_they_are_damaged_are_taken(tmp_path: Path) -> None:
    assert outcome(written(tmp_path / "a.safetensors", good_lora()), "lora") == ""
    assert outcome(written(tmp_path / "b.safetensors", good_embedding()), "embedding") == ""


def test_damaged_files_are_refused_in_a_sentence(tmp_path: Path) -> None:
    counts = try_files(200, tmp_path)
    assert counts["refused"] > 100


@pytest.mark.campaign
def test_two_thousand_damaged_files_are_refused_in_a_sentence(tmp_path: Path) -> None:
    counts = try_files(2000, tmp_path)
    assert counts["refused"] > 1000


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({"lora_unet_x.hada_w1_a": (4, 4)}, "a LyCORIS LoHa, which is not supported"),
        ({"lora_unet_x.dora_scale": (4, 4)}, "a DoRA"),
        ({"lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight": (4, 4)}, "is for Flux: choose one for"),
        ({"weight": (4, 4)}, "is no LoRA (it holds 'weight')"),
        ({"lora_unet_a.lora_down.weight": (4, 8)}, "has no up matrix"),
        ({"lora_unet_a.lora_down.weight": (3000, 8), "lora_unet_a.lora_up.weight": (8, 3000)}, "1 to 2048"),
        ({"lora_unet_a.lora_down.weight": (4, 8), "lora_unet_a.lora_up.weight": (8, 5)}, "rank 4 and an up"),
    ],
)
def test_what_a_file_is_instead_is_said(tensors: dict[str, Any], said: str, tmp_path: Path) -> None:
    path = write_header(tmp_path / "it.safetensors", header_of(tensors, dtype="F32"))
    assert said in outcome(path, "lora")


def family_file(folder: Path, width: int, *, original: bool = False) -> Path:
    place = "input_blocks_4_1" if original else "down_blocks_0_attentions_0"
    key = f"lora_unet_{place}_transformer_blocks_0_attn2_to_k"
    shapes = {f"{key}.lora_down.weight": (4, width), f"{key}.lora_up.weight": (320, 4)}
    return write_header(folder / f"w{width}.safetensors", header_of(shapes, dtype="F16"))


@pytest.mark.parametrize(
    ("width", "own", "said"),
    [
        (2048, 768, "is for SDXL and this model is a Stable Diffusion 1.x: choose a LoRA made for Stable"),
        (768, 2048, "is for Stable Diffusion 1.x and this model is a SDXL"),
        (1024, 768, "is for Stable Diffusion 2.x and this model"),
    ],
)
def test_a_lora_of_another_family_is_refused_with_both_names(
    width: int, own: int, said: str, tmp_path: Path
) -> None:
    lora = read_lora(family_file(tmp_path, width, original=width == 2048))
    matcher = Matcher(networks=("unet",), layers_of=lambda network: LAYERS["unet"], width=own)
    with pytest.raises(LapdrawError, match=said):
        matcher.match([Weighed(lora=lora, text=1, unet=1)])


def test_keys_without_a_place_are_counted_and_few_of_them_only_told(tmp_path: Path) -> None:
    few, many = good_lora(), good_lora()
    strange = {
        f"lora_unet_up_blocks_{n}_attentions_0_proj_in.lora_{side}.weight": np.ones((4, 4), np.float32)
        for n in range(7)
        for side in ("down", "up")
    }
    few |= dict(list(strange.items())[:2])
    many |= strange
    matcher = Matcher(networks=tuple(LAYERS), layers_of=LAYERS.__getitem__, width=WIDTH)
    lora = read_lora(written(tmp_path / "few.safetensors", few))
    assert matcher.match([Weighed(lora=lora, text=1, unet=1)])
    (told,) = matcher.warnings
    assert told.startswith("1 of 6 keys of ")
    lora = read_lora(written(tmp_path / "many.safetensors", many))
    with pytest.raises(LapdrawError, match=r"7 of 12 keys of .*many\.safetensors match no layer of the UNet"):
        matcher.match([Weighed(lora=lora, text=1, unet=1)])
