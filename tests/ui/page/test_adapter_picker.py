"""The list of LoRAs and embeddings writes what is chosen into the prompt."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from ui.page.adapter_picker import AdapterPicker


def picker(data: Path) -> AdapterPicker:
    page: Any = SimpleNamespace(data=data, say=lambda key: key.rpartition("_")[2])
    return AdapterPicker(page, "tab")


def test_what_is_there_is_offered_with_its_trigger_words(tmp_path: Path) -> None:
    for folder in ("loras", "embeddings"):
        (tmp_path / folder).mkdir()
    key = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k"
    tensors = {f"{key}.lora_{part}.weight": np.zeros((4, 768), np.float32) for part in ("down", "up")}
    save_file(tensors, tmp_path / "loras" / "ink.safetensors", {"modelspec.trigger_phrase": "inkwash"})
    (tmp_path / "loras" / "broken.safetensors").write_bytes(b"no")
    save_file({"emb_params": np.zeros((2, 768), np.float32)}, tmp_path / "embeddings" / "easy.safetensors")
    choices = picker(tmp_path).choices()
    assert [tag for _, tag in choices] == ["<lora:ink:1>", "easy"]
    assert choices[0][0] == "ink · lora · Stable Diffusion 1.x · 0.0 MB · inkwash"


def test_a_choice_is_written_behind_the_prompt_and_the_list_is_empty_again(tmp_path: Path) -> None:
    write = picker(tmp_path).write
    assert write("<lora:ink:1>", "a house ")[0] == "a house <lora:ink:1>"
    assert write("easy", None)[0] == "easy"
    assert write(None, "a house")[0] == "a house"
    assert write("easy", "")[1]["value"] is None
