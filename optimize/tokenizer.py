"""The tokenizer in every form that readers of a model folder want: plain files, and OpenVINO graphs."""

import json
import shutil
from pathlib import Path
from typing import Any

from runtime.errors import ExportError

_FILES = (
    "tokenizer.json",
    "vocab.json",
    "merges.txt",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)
_GRAPHS = ("openvino_tokenizer", "openvino_detokenizer")
# Without "!", which SD 2.x pads with: in a prompt it is padding to transformers, a letter to OpenVINO.
_CHECK_PROMPTS = ("a red house on green hills under a night sky", "2 cats, (detailed), 50% off")


def write_tokenizer(source: Path, output: Path) -> None:
    """Write the tokenizer in `source` to `output`; raises ExportError when that cannot be done."""
    from optimum.exporters.openvino.convert import export_tokenizer
    from transformers import CLIPTokenizer

    output.mkdir()
    for name in _FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, output / name)
    try:
        tokenizer = CLIPTokenizer.from_pretrained(source, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise ExportError(f"{source} could not be loaded ({error!s:.200}): fetch the model again") from error
    fast = output / "tokenizer.json"
    if not fast.exists():
        fast.write_text(tokenizer.backend_tokenizer.to_str(pretty=True), encoding="utf-8")
    _write_slow_files(json.loads(fast.read_text(encoding="utf-8")), output)
    export_tokenizer(tokenizer, output)
    _check(tokenizer, output)


def _write_slow_files(tokenizer: dict[str, Any], output: Path) -> None:
    """Write vocab.json and merges.txt, which older readers need, from what tokenizer.json holds."""
    model = tokenizer["model"]
    vocabulary, merges = output / "vocab.json", output / "merges.txt"
    if not vocabulary.exists():
        tokens = model["vocab"] | {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
        vocabulary.write_text(json.dumps(tokens, ensure_ascii=False), encoding="utf-8")
    if not merges.exists():
        pairs = (pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"])
        merges.write_text("\n".join(["#version: 0.2", *pairs]) + "\n", encoding="utf-8")


def _check(tokenizer: Any, output: Path) -> None:
    """Compare OpenVINO's tokenizer with the source's on fixed prompts."""
    import openvino as ov
    import openvino_tokenizers  # noqa: F401  registers its operations

    for name in _GRAPHS:
        if not (output / f"{name}.xml").is_file():
            raise ExportError(f"the tokenizer could not be converted to OpenVINO ({name} was not written)")
    compiled = ov.Core().compile_model(output / f"{_GRAPHS[0]}.xml", "CPU")
    for prompt in _CHECK_PROMPTS:
        ids = compiled([prompt])["input_ids"][0].tolist()
        wanted = tokenizer(prompt)["input_ids"]
        if ids != wanted:
            raise ExportError(
                f"the OpenVINO tokenizer gives {ids} for {prompt!r}, the source's gives {wanted}"
            )
