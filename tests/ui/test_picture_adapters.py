"""A picture's text is compared with the LoRAs and embeddings that are here."""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from runtime.adapters.library import AdapterLibrary, lora_hash
from runtime.infotext_reader import read_infotext
from ui.picture_adapters import finder
from ui.picture_settings import ADAPTER_MISSING, ADAPTER_OTHER, LORA, USED, understand


def test_files_are_told_by_name_and_hash(tmp_path: Path) -> None:
    (tmp_path / "loras").mkdir()
    file = tmp_path / "loras" / "ink.safetensors"
    save_file({"x": np.zeros(3, np.float32)}, file)
    digest, find = lora_hash(file)[:12], finder(AdapterLibrary(tmp_path))
    for hashes, prompt, taken, notes in (
        (f"ink: {digest}", "a <lora:ink:1>", USED, ()),
        (f"Ink: {digest[:10]}", "a <lora:INK:1>", USED, ()),
        ("ink: 0123456789ab", "a <lora:ink:1>", ADAPTER_OTHER, ()),
        (f"ink: {digest}, other: 01234567", "a <lora:other:1>", ADAPTER_MISSING, (LORA,)),
        ("nothing", "a <hypernet:ink:1>", ADAPTER_MISSING, (LORA,)),
    ):
        text = read_infotext(f'{prompt}\nSteps: 4, Seed: 1, Lora hashes: "{hashes}", RNG: CPU')
        found = understand(text, [], find_adapter=find)
        assert {pair.key: pair.taken for pair in found.pairs}["Lora hashes"] == taken
        assert found.notes == notes


def test_the_hash_is_of_the_tensors_and_not_of_the_header(tmp_path: Path) -> None:
    first, second = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    save_file({"x": np.ones(3, np.float32)}, first)
    save_file({"x": np.ones(3, np.float32)}, second, {"title": "the same"})
    assert lora_hash(first) == lora_hash(second)
    save_file({"x": np.ones(3, np.float32)}, second, {"sshs_model_hash": "ab" * 32})
    assert lora_hash(second) == "ab" * 32  # what kohya's trainer wrote, as A1111 takes it
