"""The small files of a checkpoint's diffusers folder, which the checkpoint itself has not: ours, or given.

configs/KIND holds those of each architecture, in diffusers' layout but for the vocabulary: configs/clip has
the one merge list that every CLIP tokenizer shares, and the vocabulary follows from it.
"""

import json
from pathlib import Path
from typing import Any

from optimize.prediction import Prediction
from runtime.checkpoint import Kind
from runtime.errors import ExportError
from runtime.model_files import INDEX_NAME, read_bytes

CONFIGS = Path(__file__).resolve().parent / "configs"
_MERGES = CONFIGS / "clip" / "merges.txt"
_SCHEDULER = "scheduler/scheduler_config.json"
_UNET = "unet/config.json"
_VAE = "vae/config.json"
_SMALL = (".json", ".txt")

Files = dict[str, bytes]  # by their paths in the folder


def carried_files(kind: Kind, prediction: Prediction) -> Files:
    """Return the files of a kind by their paths in a diffusers folder."""
    folder = CONFIGS / kind.configs
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.json"))
    }
    scheduler: dict[str, Any] = {"prediction_type": prediction.type}
    if prediction.type == "v_prediction":
        scheduler |= _class_of_v(files)
    if prediction.is_zero_snr:
        scheduler |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    _change(files, _SCHEDULER, scheduler)
    _change(files, INDEX_NAME, {"_class_name": kind.pipeline_class} | _scheduler_entry(files))
    unet: dict[str, Any] = {"in_channels": kind.channels}
    side = prediction.side
    if side is None and kind.configs == "sd2" and prediction.type == "v_prediction":
        side = 768  # as every published one
    if side is not None:
        unet["sample_size"] = side // 8
        _change(files, _VAE, {"sample_size": side})
    _change(files, _UNET, unet)
    for name in [name for name in files if name.endswith("tokenizer_config.json")]:
        tokenizer = name.rpartition("/")[0]
        merges = _MERGES.read_text(encoding="utf-8")  # with the line ends of the original, whatever git made
        files |= {f"{tokenizer}/merges.txt": merges.encode(), f"{tokenizer}/vocab.json": _vocabulary(merges)}
    return files


def given_files(folder: Path, prediction_type: str | None) -> Files:
    """Return the small files of a diffusers folder somebody gave; raises ModelFolderError, ExportError."""
    files = {INDEX_NAME: read_bytes(folder / INDEX_NAME)}
    for path in sorted(folder.glob("*/*")):
        if path.suffix in _SMALL and path.is_file():
            files[path.relative_to(folder).as_posix()] = read_bytes(path)
    for name in (_SCHEDULER, _UNET, _VAE):
        if name not in files:
            raise ExportError(f"{folder / name} is missing: give a folder with all configurations")
    if prediction_type is not None:
        _change(files, _SCHEDULER, {"prediction_type": prediction_type})
    return files


def write_files(files: Files, folder: Path) -> None:
    """Write them into a new folder; raises OSError."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def read_object(files: Files, name: str) -> dict[str, Any]:
    """Return the JSON object in one of the files; raises ExportError."""
    try:
        value = json.loads(files[name])
    except KeyError as error:
        raise ExportError(f"the configurations lack {name}: give a folder with all of them") from error
    except (ValueError, RecursionError) as error:
        raise ExportError(f"{name} of the configurations is not valid JSON: write it again") from error
    if not isinstance(value, dict):
        raise ExportError(f"{name} of the configurations must be a JSON object, got {value!r:.40}")
    return value


def clip_vocabulary(merges: list[str]) -> dict[str, int]:
    """Return CLIP's tokens and their numbers, which follow from its merges (github.com/openai/CLIP).

    First the 256 bytes, each written as a character that can be seen, then the same at the end of a word,
    then what each merge makes, then the marks of a text's start and end.
    """
    seen = [chr(code) for code in (*range(33, 127), *range(161, 173), *range(174, 256))]
    seen += [chr(256 + number) for number in range(256 - len(seen))]
    made = [pair.replace(" ", "") for pair in merges]
    tokens = [*seen, *(f"{byte}</w>" for byte in seen), *made, "<|startoftext|>", "<|endoftext|>"]
    return {token: number for number, token in enumerate(tokens)}


def _vocabulary(merges: str) -> bytes:
    pairs = merges.rstrip("\n").split("\n")[1:]
    return json.dumps(clip_vocabulary(pairs), ensure_ascii=False, separators=(",", ":")).encode()


def _class_of_v(files: Files) -> dict[str, Any]:
    """The published models that predict v come with DDIM; PNDM's warm-up starts where they know least."""
    name = read_object(files, _SCHEDULER)["_class_name"]
    return {"_class_name": "DDIMScheduler"} if name == "PNDMScheduler" else {}


def _scheduler_entry(files: Files) -> dict[str, Any]:
    return {"scheduler": ["diffusers", read_object(files, _SCHEDULER)["_class_name"]]}


def _change(files: dict[str, bytes], name: str, changes: dict[str, Any]) -> None:
    value = read_object(files, name) | changes
    files[name] = (json.dumps(value, indent=2, sort_keys=True) + "\n").encode()
