"""`--lora NAME|FILE[:WEIGHT]`: what it adds to the prompts, and the files that it names."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.errors import InvalidRequest


@dataclass(frozen=True, kw_only=True)
class LoraOption:
    """One --lora: the tag that A1111 writes into the prompt for it, and the file where one is named."""

    tag: str
    file: Path | None = None


def read_loras(values: Sequence[str]) -> tuple[LoraOption, ...]:
    """Return what the options say; raises InvalidRequest for a file that is not there, or no name at all."""
    loras = tuple(map(_read, values))
    by_name: dict[str, Path] = {}
    for file in (lora.file for lora in loras if lora.file is not None):
        if by_name.setdefault(file.stem, file).resolve() != file.resolve():
            raise InvalidRequest(f"--lora names two files called {file.stem}: rename one of them")
    return loras


def with_tags(prompt: str, loras: Sequence[LoraOption]) -> str:
    """Return the prompt with a tag for each LoRA behind it, which a picture's text then has too."""
    return " ".join(filter(None, [prompt, *(lora.tag for lora in loras)]))


def _read(value: str) -> LoraOption:
    name, weight = _parted(value)
    is_file = name.lower().endswith((".safetensors", ".pt", ".bin", ".ckpt")) or "/" in name or "\\" in name
    file = Path(name).expanduser() if is_file else None
    if file is not None and not file.is_file():
        raise InvalidRequest(f"--lora names {name}, which is no file: check its path")
    stem = file.stem if file is not None else name
    if not stem or set("<>:") & set(stem):
        raise InvalidRequest(f"--lora cannot read {value!r}: write NAME, NAME:0.8 or FILE:0.8")
    return LoraOption(tag=f"<lora:{stem}:{weight:g}>", file=file)


def _parted(value: str) -> tuple[str, float]:
    """Part a weight from the end; a colon may also stand in a path of Windows."""
    name, colon, weight = value.rpartition(":")
    try:
        return (name, float(weight)) if colon else (value, 1.0)
    except ValueError:
        return value, 1.0
