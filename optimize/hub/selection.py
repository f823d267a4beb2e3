"""Which files of a repository a pipeline needs, and one variant of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optimize.families import FAMILIES
from optimize.hub.listing import RepoFile, Repository
from optimize.hub.names import (
    MOST_WANTED,
    TOKENIZER_FILES,
    TOKENIZER_GRAPHS,
    is_allowed,
    largest,
    refuse_collisions,
    weights_variant,
)
from runtime.controlnet_folder import CLASS_NAME, CONFIG_NAME
from runtime.errors import HubError
from runtime.hub_id import VARIANTS
from runtime.model_files import INDEX_NAME
from runtime.weight_files import BIN_NAME, XML_NAME

READY = "openvino"
SOURCE = "diffusers"
IR = "openvino-to-quantize"  # READY, of which an int8 model is to be made
_GRAPH_FOLDERS = ("unet", "text_encoder", "text_encoder_2", "vae_decoder", "vae_encoder", "depth_estimator")
_TOKENIZERS = {"text_encoder": "tokenizer", "text_encoder_2": "tokenizer_2"}
_STEMS = ("diffusion_pytorch_model", "model")
_PICKLES = (".bin", ".ckpt", ".pt", ".pth")


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What is to be fetched; `kind` says what it is then: READY or SOURCE."""

    kind: str
    files: tuple[RepoFile, ...]  # the smallest first

    @property
    def bytes(self) -> int:
        """The size of all files."""
        return sum(file.bytes for file in self.files)


def index_file(repository: Repository) -> RepoFile:
    """Return the entry of model_index.json, or of a single network's config.json.

    Raises HubError where there is neither.
    """
    if INDEX_NAME not in repository.names and _holds_one_network(repository):
        return _checked(repository, CONFIG_NAME)
    if INDEX_NAME not in repository.names:
        single = [name for name in repository.names if name.endswith(".safetensors") and "/" not in name]
        if single:
            remedy = f"download {single[0]:.120} from its page and give that file"
        else:
            remedy = "choose a repository that holds a diffusers or OpenVINO pipeline"
        held = ", ".join(sorted(repository.names)[:5]) or "nothing"
        raise HubError(f"{repository.id} has no {INDEX_NAME} (it holds {held:.300}): {remedy}")
    return _checked(repository, INDEX_NAME)


def select_files(repository: Repository, index: Mapping[str, Any], variant: str | None) -> Selection:
    """Choose by the listing and the content of `index_file`; raises HubError for what cannot be used."""
    if INDEX_NAME not in repository.names:
        return _select_controlnet(repository, index, variant)
    entries = {name for name, value in index.items() if isinstance(value, list) and any(value)}
    if "unet" not in entries:
        raise HubError(
            f"{repository.id} is a {index.get('_class_name', 'pipeline of no class')!s:.60} without a UNet: "
            "only Stable Diffusion models and unconditional UNets can be used"
        )
    kind = READY if f"unet/{XML_NAME}" in repository.names else SOURCE
    if kind == READY:
        names = _ready_names(repository, entries)
    else:
        names = _source_names(repository, entries, str(index.get("_class_name", "")), variant)
    names = [INDEX_NAME, *names]
    refuse_collisions(names, repository.id)
    if len(names) > MOST_WANTED:
        raise HubError(f"{repository.id} needs {len(names)} files, at most {MOST_WANTED} are fetched")
    files = sorted((_checked(repository, name) for name in names), key=lambda file: (file.bytes, file.name))
    return Selection(kind=kind, files=tuple(files))


def is_controlnet(selection: Selection) -> bool:
    """Whether it is one of a ControlNet, which has no index."""
    return all(file.name != INDEX_NAME for file in selection.files)


def _holds_one_network(repository: Repository) -> bool:
    names = [name for name in repository.names if "/" not in name]
    return CONFIG_NAME in names and any(weights_variant(name) is not None for name in names)


def _select_controlnet(repository: Repository, config: Mapping[str, Any], variant: str | None) -> Selection:
    """Choose the files of a ControlNet; raises HubError for another network."""
    if config.get("_class_name") != CLASS_NAME:
        raise HubError(
            f"{repository.id} has no {INDEX_NAME} and holds a {config.get('_class_name')!r:.60} alone: "
            "choose a repository that holds a diffusers or OpenVINO pipeline, or a ControlNet"
        )
    names, found = _weights(repository, "", variant)
    if variant is not None and found != variant:
        raise HubError(f"{repository.id} has no weights of the variant {variant}: leave --variant out")
    wanted = [_checked(repository, name) for name in (CONFIG_NAME, *names)]
    return Selection(kind=SOURCE, files=tuple(sorted(wanted, key=lambda file: (file.bytes, file.name))))


def _ready_names(repository: Repository, entries: set[str]) -> list[str]:
    """The names of an OpenVINO folder in optimum-intel's layout."""
    names = []
    required = {"unet", *(entries & _TOKENIZERS.keys()), *({"vae_decoder"} if "vae" in entries else ())}
    for folder in _GRAPH_FOLDERS:
        if folder in required or f"{folder}/{XML_NAME}" in repository.names:
            names += [f"{folder}/{XML_NAME}", f"{folder}/{BIN_NAME}", f"{folder}/config.json"]
    names += _settings(repository, entries)
    names += [name for name in ("openvino_config.json",) if name in repository.names]
    for folder in _TOKENIZERS.values():
        names += [f"{folder}/{name}" for name in TOKENIZER_GRAPHS if f"{folder}/{name}" in repository.names]
    return names


def _source_names(
    repository: Repository, entries: set[str], class_name: str, variant: str | None
) -> list[str]:
    """The names of a diffusers folder that a family of ours reads."""
    families = [family for family in FAMILIES if class_name in family.pipeline_classes]
    if not families:
        known = ", ".join(dict.fromkeys(name for family in FAMILIES for name in family.pipeline_classes))
        raise HubError(
            f"{repository.id} is a {class_name or 'pipeline of no class':.60}, which cannot be converted: "
            f"what can is {known}"
        )
    read = {row.entry for family in families for row in family.everywhere}
    folders = sorted(read & entries)
    weights = {folder: _weights(repository, folder, variant) for folder in folders}
    variants = {found for _, found in weights.values()}
    if variant is not None and variant not in variants:
        raise HubError(f"{repository.id} has no weights of the variant {variant}: leave --variant out")
    names = [name for folder in folders for name in (f"{folder}/config.json", *weights[folder][0])]
    return names + _settings(repository, entries)


def _settings(repository: Repository, entries: set[str]) -> list[str]:
    """The names of schedulers' settings and tokenizers."""
    names = ["scheduler/scheduler_config.json"]
    if "low_res_scheduler" in entries:
        names.append("low_res_scheduler/scheduler_config.json")
    if "depth_estimator" in entries:
        names.append("feature_extractor/preprocessor_config.json")
    for encoder, folder in _TOKENIZERS.items():
        if encoder not in entries:
            continue
        found = [name for name in TOKENIZER_FILES if f"{folder}/{name}" in repository.names]
        if "tokenizer.json" not in found and not {"vocab.json", "merges.txt"} <= set(found):
            raise HubError(f"{repository.id} has no {folder}/vocab.json and merges.txt: choose another one")
        names += [f"{folder}/{name}" for name in found]
    return names


def _weights(repository: Repository, folder: str, variant: str | None) -> tuple[tuple[str, ...], str | None]:
    """Return a component's safetensors files and their variant: the one asked for, else what there is."""
    held = [name.rpartition("/")[2] for name in repository.names if name.rpartition("/")[0] == folder]
    place = f"{folder}/" if folder else ""
    order = (variant, None) if variant is not None else (None, *VARIANTS)
    for wanted in order:
        for stem in _STEMS:
            found = [file for file in held if weights_variant(file) == (stem, wanted)]
            whole = f"{stem}.{wanted}.safetensors" if wanted else f"{stem}.safetensors"
            if whole in found:
                return (f"{place}{whole}",), wanted
            if any(".safetensors.index." in file for file in found):
                return tuple(f"{place}{file}" for file in sorted(found)), wanted
    pickled = sorted(file for file in held if file.endswith(_PICKLES))
    if pickled:
        raise HubError(
            f"{repository.id} has {folder or 'its weights'} only as {pickled[0]:.90}, a pickle, which can "
            "run any code when it is read: choose a repository or a --revision with .safetensors"
        )
    raise HubError(
        f"{repository.id} has no weights in {folder or 'it'}: choose another repository or --revision"
    )


def _checked(repository: Repository, name: str) -> RepoFile:
    """Return a wanted file; raises HubError for a name or a size that no pipeline has."""
    if not is_allowed(name):
        raise HubError(f"{repository.id}: {name!r:.120} is no file of a pipeline: it is not fetched")
    file = repository.file(name)
    if file.bytes > largest(name):
        raise HubError(
            f"{repository.id} lists {name} with {file.bytes / 1e9:.2f} GB, at most "
            f"{largest(name) / 1e9:.2f} GB are taken: choose another repository"
        )
    return file
