"""`models --adapters` and the end of `models list`."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from runtime.adapters.library import lora_hash
from ui.cli import main


def test_adapters_are_listed_with_size_hash_and_trigger_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAPDRAW_CHECKPOINTS", str(tmp_path / "nothing"))
    for folder in ("loras", "embeddings"):
        (tmp_path / folder).mkdir()
    key = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k"
    tensors = {f"{key}.lora_{part}.weight": np.zeros((4, 2048), np.float32) for part in ("down", "up")}
    tags = json.dumps({"set": {"ink wash": 9, "paper": 2}})
    save_file(tensors, tmp_path / "loras" / "ink.safetensors", {"ss_tag_frequency": tags})
    (tmp_path / "embeddings" / "old.pt").write_bytes(b"\x80\x04.")
    assert main(["models", "--adapters", "--hash", "--json", "--data-dir", str(tmp_path)]) == 0
    ink, old = json.loads(capsys.readouterr().out)
    assert ink["family"] == "SDXL"
    assert ink["sha256"] == lora_hash(tmp_path / "loras" / "ink.safetensors")
    assert ink["tag"] == "<lora:ink:1>"
    assert "is a pickle" in old["error"]
    assert main(["models", "--data-dir", str(tmp_path)]) == 0
    listed = capsys.readouterr().out
    assert "ink" in listed
    assert "lora, 66 KB, for SDXL; trigger words: ink wash, paper" in listed
