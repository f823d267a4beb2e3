"""Reading the small files of a model folder, with every way that can go wrong said in one sentence."""

import hashlib
import json
from pathlib import Path
from typing import Any

from runtime.errors import ModelFolderError
from runtime.manifest import MANIFEST_NAME, FileEntry, Manifest, hash_file

INDEX_NAME = "model_index.json"

_PREDICTION_TYPES = ("epsilon", "v_prediction", "sample")

_MAX_JSON_BYTES = 32 << 20  # far above any configuration or manifest; keeps a wrong file from filling memory


def read_bytes(path: Path) -> bytes:
    """Return a small file's content; raises ModelFolderError naming the file."""
    try:
        if path.stat().st_size > _MAX_JSON_BYTES:
            raise ModelFolderError(f"{path} is no configuration file: it has {path.stat().st_size} bytes")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ModelFolderError(f"{path} is missing: export or fetch the model again") from error
    except OSError as error:
        raise ModelFolderError(f"{path} cannot be read ({error.strerror}): check its permissions") from error


def read_json_object(path: Path, entry: FileEntry | None = None) -> dict[str, Any]:
    """Return the JSON object in a file, checked against its manifest entry first when there is one."""
    data = read_bytes(path)
    if entry is not None and hashlib.sha256(data).hexdigest() != entry.sha256:
        raise damaged(path)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ModelFolderError(
            f"{path} is damaged (not valid JSON): export or fetch the model again"
        ) from error
    if not isinstance(value, dict):
        raise ModelFolderError(f"{path} must hold a JSON object, got {value!r:.40}: export or fetch it again")
    return value


def read_manifest(folder: Path) -> Manifest | None:
    """Return the folder's manifest, or None when it has none."""
    path = folder / MANIFEST_NAME
    return Manifest.from_bytes(read_bytes(path), str(path)) if path.exists() else None


def check_sizes(folder: Path, manifest: Manifest) -> None:
    """Raise ModelFolderError for the first file that is missing or has another size than in the manifest."""
    for name, entry in manifest.files.items():
        path = folder / name
        try:
            size = path.stat().st_size
        except FileNotFoundError as error:
            raise ModelFolderError(f"{path} is missing: export the model again") from error
        except OSError as error:
            raise ModelFolderError(f"{path} cannot be read ({error.strerror}): check permissions") from error
        if size != entry.bytes:
            raise ModelFolderError(
                f"{path} is damaged: it has {size} bytes, the manifest says {entry.bytes}: "
                "export the model again"
            )


def damaged(path: Path) -> ModelFolderError:
    """The refusal of a file whose content is not what the manifest says."""
    return ModelFolderError(
        f"{path} is damaged: its sha256 is not what the manifest says: export the model again"
    )


def integer(config: dict[str, Any], key: str, path: Path) -> int:
    """Return a positive integer of a configuration; raises ModelFolderError."""
    value = config.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ModelFolderError(f"{path}: {key} must be a positive integer, got {value!r:.40}")
    return value


def check_vae_config(config: dict[str, Any], path: Path) -> None:
    """Raise ModelFolderError unless the channels, blocks and scaling factor of a VAE can be computed with."""
    integer(config, "latent_channels", path)
    blocks = config.get("block_out_channels")
    if not isinstance(blocks, list) or not blocks:
        raise ModelFolderError(f"{path}: block_out_channels must be a list, got {blocks!r:.40}")
    factor = config.get("scaling_factor", 0.18215)
    if not isinstance(factor, float | int) or not factor > 0:
        raise ModelFolderError(f"{path}: scaling_factor must be a positive number, got {factor!r:.40}")


def check_scheduler_config(config: dict[str, Any], path: Path) -> None:
    """Raise ModelFolderError when the UNet is said to predict something unknown."""
    found = config.get("prediction_type", "epsilon")
    if found not in _PREDICTION_TYPES:
        raise ModelFolderError(
            f"{path}: prediction_type {found!r:.40} is not known: it must be one of "
            + ", ".join(_PREDICTION_TYPES)
        )


def require_folder(path: Path) -> None:
    """Raise ModelFolderError unless `path` is a readable folder with a model index."""
    if path.is_file():
        raise ModelFolderError(
            f"{path} is a file, not a model folder: give the folder that holds {INDEX_NAME}"
        )
    try:
        found = (path / INDEX_NAME).exists()
        is_folder = path.is_dir()
        names = sorted(entry.name for entry in path.iterdir()) if is_folder else []
    except OSError as error:
        raise ModelFolderError(f"{path} cannot be read ({error.strerror}): check its permissions") from error
    if not is_folder:
        raise ModelFolderError(f"there is no model folder {path}: check the name")
    if not found:
        held = ", ".join(names[:5]) or "nothing"
        raise ModelFolderError(
            f"{path / INDEX_NAME} is missing (the folder holds {held}): give a model folder"
        )


def require_tokenizer(folder: Path) -> None:
    """Raise ModelFolderError unless `folder` holds tokenizer.json, or vocab.json and merges.txt."""
    if not (folder / "tokenizer.json").is_file():
        for name in ("vocab.json", "merges.txt"):
            if not (folder / name).is_file():
                raise ModelFolderError(
                    f"{folder / name} is missing, and so is tokenizer.json: export or fetch the model again"
                )


def hash_of(path: Path) -> str:
    """Return the sha256 of a file; raises ModelFolderError naming it."""
    try:
        return hash_file(path)
    except FileNotFoundError as error:
        raise ModelFolderError(f"{path} is missing: export or fetch the model again") from error
    except OSError as error:
        raise ModelFolderError(f"{path} cannot be read ({error.strerror}): check its permissions") from error
