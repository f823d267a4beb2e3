"""Which files of a repository may ever be fetched, and which names show that a repository is hostile."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from runtime.errors import HubError
from runtime.weight_files import BIN_NAME, XML_NAME

LARGEST_SETTINGS = 32 << 20  # bytes of a json or txt file: far above any that a pipeline has
LARGEST_WEIGHTS = 50 << 30  # what the Hub itself takes
MOST_FILES = 20_000  # in a listing
MOST_WANTED = 300

TOKENIZER_FILES = (
    "tokenizer.json",
    "vocab.json",
    "merges.txt",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)
TOKENIZER_GRAPHS = tuple(
    f"openvino_{half}.{ending}" for half in ("tokenizer", "detokenizer") for ending in ("xml", "bin")
)
_SETTINGS = {
    *("config.json", "scheduler_config.json", "preprocessor_config.json"),
    *TOKENIZER_FILES,
}
_GRAPHS = {XML_NAME, BIN_NAME, *TOKENIZER_GRAPHS}
_ROOT = {"model_index.json", "openvino_config.json", "config.json"}  # the last of a network alone
_WEIGHTS = re.compile(
    r"(?P<stem>diffusion_pytorch_model|model)"
    r"(?:\.safetensors\.index(?:\.(?P<index_variant>fp16))?\.json"
    r"|(?:\.(?P<variant>fp16))?(?P<shard>-\d{5}-of-\d{5})?(?:\.(?P<late_variant>fp16))?\.safetensors)"
)
_FOLDERS = {
    *("unet", "vae", "vae_decoder", "vae_encoder", "text_encoder", "text_encoder_2"),
    *("tokenizer", "tokenizer_2", "scheduler", "low_res_scheduler"),
    *("depth_estimator", "feature_extractor"),
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")


def is_allowed(name: str) -> bool:
    """Whether a file of that name may be fetched: exactly the names that a pipeline's data have."""
    folder, _, file = name.rpartition("/")
    if not folder:
        return file in _ROOT or bool(_WEIGHTS.fullmatch(file))
    if folder not in _FOLDERS:
        return False
    return file in _SETTINGS or file in _GRAPHS or bool(_WEIGHTS.fullmatch(file))


def weights_variant(file: str) -> tuple[str, str | None] | None:
    """Return (stem, variant) of a safetensors file or the index of its shards; None for other names."""
    found = _WEIGHTS.fullmatch(file)
    if found is None:
        return None
    return found["stem"], found["variant"] or found["late_variant"] or found["index_variant"]


def largest(name: str) -> int:
    """Return how many bytes a file of that name may have."""
    is_settings = name.endswith((".json", ".txt"))
    return LARGEST_SETTINGS if is_settings else LARGEST_WEIGHTS


def refuse_hostile(names: Iterable[str], repository: str) -> None:
    """Raise HubError for a listing that would write outside a folder, or deceive who reads its names."""
    seen: set[str] = set()
    for name in names:
        path = PurePosixPath(name)
        parts = name.split("/")
        is_outside = path.is_absolute() or ".." in parts or "\\" in name or bool(_DRIVE.match(name))
        if is_outside or _CONTROL.search(name) or not name or len(name) > 1000 or "" in parts or "." in parts:
            raise HubError(
                f"{repository} lists the file {name!a:.120}, which is no name of a file inside a "
                "folder: nothing of this repository was taken"
            )
        if name in seen:
            raise HubError(f"{repository} lists {name!r:.120} twice: nothing of this repository was taken")
        seen.add(name)


def refuse_collisions(names: Iterable[str], repository: str) -> None:
    """Raise HubError for files of which Windows or macOS would keep only one."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise HubError(
                f"{repository} lists {other!r:.120} and {name!r:.120}, one file on many systems: "
                "nothing of this repository was taken"
            )
