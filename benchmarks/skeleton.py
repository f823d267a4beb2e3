"""Random-weight model folders of a genuine architecture, for tests and measurements.

    python -m benchmarks.skeleton sd15 FOLDER      (2.1 GB, fp16)

The weights are random, and the tokenizer knows single letters only.
"""

import argparse
import inspect
import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.skeleton_families import FAMILIES
from benchmarks.skeleton_settings import Family

_VERSION = "0.39.0"
_SCHEDULER = {
    "_class_name": "PNDMScheduler",
    "_diffusers_version": _VERSION,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
}


def write_controlnet(folder: Path, unet: Mapping[str, Any], *, dtype: str = "float16", seed: int = 0) -> Path:
    """Write the diffusers folder of a ControlNet for a UNet of this configuration, with random weights.

    Its last convolutions, which are zero before training, are random too.
    """
    import torch
    from diffusers import ControlNetModel

    arguments = inspect.signature(ControlNetModel.__init__).parameters
    torch.manual_seed(seed)
    net = ControlNetModel(**{name: value for name, value in unet.items() if name in arguments})
    for convolution in (*net.controlnet_down_blocks, net.controlnet_mid_block):
        torch.nn.init.normal_(convolution.weight, std=convolution.weight[0].numel() ** -0.5)
    net.to(getattr(torch, dtype)).save_pretrained(folder)
    return folder


def write_skeleton(
    folder: Path, family: str, *, dtype: str = "float16", seed: int = 0, taught: bool = False
) -> Path:
    """Write a diffusers folder of `family` with random weights; the same seed gives the same bytes.

    A `taught` one denoises a little and decodes to all greys (see teaching), so that two of its pictures
    can be compared.
    """
    import torch

    spec = FAMILIES[family]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # libraries announce deprecations to their own developers
        torch.manual_seed(seed)
        networks = {name: make() for name, make in _makers(spec).items()}
        if taught:
            from benchmarks.teaching import teach

            teach(networks["unet"], networks.get("vae"), _SCHEDULER | spec.scheduler)
        for name in list(networks):
            network = networks.pop(name).to(getattr(torch, dtype))
            network.save_pretrained(folder / name, safe_serialization=True)
    if spec.text is not None:
        _write_tokenizer(folder / "tokenizer", spec.text["vocab_size"], spec.tokenizer)
    if spec.text_2 is not None:  # OpenCLIP's pads with "!"
        _write_tokenizer(folder / "tokenizer_2", spec.text_2["vocab_size"], {"pad_token": "!"})
    _write_json(folder / "scheduler" / "scheduler_config.json", _SCHEDULER | spec.scheduler)
    if spec.low_res_scheduler is not None:
        _write_json(folder / "low_res_scheduler" / "scheduler_config.json", spec.low_res_scheduler)
    if spec.depth is not None:
        side = spec.depth["image_size"]
        _write_json(
            folder / "feature_extractor" / "preprocessor_config.json",
            {
                "do_normalize": True,
                "do_rescale": True,
                "do_resize": True,
                "ensure_multiple_of": 1,
                "image_mean": [0.5, 0.5, 0.5],
                "image_processor_type": "DPTImageProcessor",
                "image_std": [0.5, 0.5, 0.5],
                "keep_aspect_ratio": False,
                "resample": 3,
                "rescale_factor": 1 / 255,
                "size": {"height": side, "width": side},
            },
        )
    _write_json(folder / "model_index.json", _index(spec))
    return folder


def _makers(spec: Family) -> dict[str, Callable[[], Any]]:
    """Return what makes each network, in the order in which the seed is used up."""
    import diffusers
    from transformers import CLIPTextModel, CLIPTextModelWithProjection, DPTConfig, DPTForDepthEstimation

    makers: dict[str, Callable[[], Any]] = {}
    text, text_2, vae, depth = spec.text, spec.text_2, spec.vae, spec.depth
    if text is not None:
        makers["text_encoder"] = lambda: CLIPTextModel(_text_config(text))
    if text_2 is not None:
        makers["text_encoder_2"] = lambda: CLIPTextModelWithProjection(_text_config(text_2))
    unet_class = getattr(diffusers, spec.unet_class)
    channels = {} if spec.unet_class == "UNet2DModel" else {"in_channels": 4, "out_channels": 4}
    makers["unet"] = lambda: unet_class(**channels | spec.unet)
    if vae is not None:
        makers["vae"] = lambda: diffusers.AutoencoderKL(**vae)
    if depth is not None:
        makers["depth_estimator"] = lambda: DPTForDepthEstimation(DPTConfig(**depth))
    return makers


def _text_config(text: dict[str, Any]) -> Any:
    from transformers import CLIPTextConfig

    return CLIPTextConfig(
        **({"hidden_act": "quick_gelu"} | text),
        max_position_embeddings=77,
        bos_token_id=text["vocab_size"] - 2,
        eos_token_id=text["vocab_size"] - 1,
        pad_token_id=1,
    )


def _index(spec: Family) -> dict[str, Any]:
    scheduler = (_SCHEDULER | spec.scheduler)["_class_name"]
    index: dict[str, Any] = {
        "_class_name": spec.pipeline,
        "_diffusers_version": _VERSION,
        "scheduler": ["diffusers", scheduler],
        "unet": ["diffusers", spec.unet_class],
    }
    if spec.text is not None:
        index |= {
            "text_encoder": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "vae": ["diffusers", "AutoencoderKL"],
        }
    if spec.text_2 is not None:
        index |= {
            "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
            "tokenizer_2": ["transformers", "CLIPTokenizer"],
            "feature_extractor": [None, None],
            "image_encoder": [None, None],
        }
    elif spec.low_res_scheduler is not None:
        index |= {"low_res_scheduler": ["diffusers", spec.low_res_scheduler["_class_name"]]}
    elif "Depth" in spec.pipeline:
        found = spec.depth is not None
        index |= {
            "depth_estimator": ["transformers", "DPTForDepthEstimation"] if found else [None, None],
            "feature_extractor": ["transformers", "DPTImageProcessor"] if found else [None, None],
        }
    elif spec.text is not None:
        index |= {
            "feature_extractor": [None, None],
            "requires_safety_checker": False,
            "safety_checker": [None, None],
        }
    return index | spec.index


def _write_tokenizer(folder: Path, size: int, settings: dict[str, Any]) -> None:
    """Write a CLIP tokenizer of `size` tokens that spells every word letter by letter."""
    letters = [chr(code) for code in [*range(33, 127), *range(161, 173), *range(174, 256)]]
    letters += [chr(code) for code in range(256, 256 + 256 - len(letters))]
    tokens = [*letters, *(letter + "</w>" for letter in letters)]
    tokens += [f"unused{index}</w>" for index in range(size - 2 - len(tokens))]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    special = {
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
    } | settings
    _write_json(folder / "vocab.json", {token: index for index, token in enumerate(tokens)})
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    _write_json(folder / "special_tokens_map.json", special)
    _write_json(
        folder / "tokenizer_config.json",
        special
        | {
            "add_prefix_space": False,
            "do_lower_case": True,
            "errors": "replace",
            "model_max_length": 77,
            "tokenizer_class": "CLIPTokenizer",
        },
    )


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> None:
    """Write one skeleton, taught."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.skeleton")
    parser.add_argument("family", choices=FAMILIES)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    write_skeleton(options.folder, options.family, taught=True)


if __name__ == "__main__":
    main()
