"""A ControlNet on disk: our OpenVINO folder of one (`kind` "openvino"), or diffusers' own ("diffusers").

It is no model by itself, so it lies in a folder of its own, `controlnets/NAME` of the data folder, and is
never among the models. The IR is in `controlnet/`, beside the manifest.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.control_shapes import residual_shapes
from runtime.errors import InvalidRequest, ModelFolderError
from runtime.folders import named_folders
from runtime.known_files import KnownFiles
from runtime.manifest import MANIFEST_NAME
from runtime.model_files import check_sizes, damaged, hash_of, integer, read_json_object, read_manifest
from runtime.model_folder import ModelFolder
from runtime.safetensors_header import SafetensorsHeader, read_header
from runtime.weight_files import (
    BIN_NAME,
    XML_NAME,
    check_ir_pair,
    check_source_weights,
    count_numbers,
    source_weights,
)

COMPONENT = "controlnet"
CONFIG_NAME = "config.json"
CLASS_NAME = "ControlNetModel"
FOLDER = "controlnets"  # of the data folder
_FITTING = ("block_out_channels", "layers_per_block", "cross_attention_dim")  # that a UNet must share
# What a ControlNet of another kind of model has: configuration key -> the only value that is understood.
_PLAIN = {
    "addition_embed_type": None,
    "class_embed_type": None,
    "num_class_embeds": None,
    "global_pool_conditions": False,
    "in_channels": 4,
    "conditioning_channels": 3,
}

SAFETENSORS = ".safetensors"
# A weight that shows a ControlNet in a single file, the prefix of all of them, how they are named.
_PLACES = (
    ("input_hint_block.0.weight", "control_model.", "controlnet"),
    ("input_hint_block.0.weight", "", "controlnet"),
    ("controlnet_cond_embedding.conv_in.weight", "", "diffusers"),
)


class ControlNetFolder:
    """An opened ControlNet: whole, of the kind that goes with Stable Diffusion 1.x and 2.x.

    Raises ModelFolderError, one sentence, for a folder that is none, or is damaged.
    """

    text_encoders: tuple[str, ...] = ()  # which it has not, unlike a model

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise ModelFolderError(f"there is no ControlNet folder {self.path}: check the name")
        self.name = self.path.resolve().name
        self.manifest = read_manifest(self.path)
        self.kind = "openvino" if (self.path / COMPONENT / XML_NAME).is_file() else "diffusers"
        if self.kind == "openvino" and self.manifest is None:
            raise ModelFolderError(f"{self.path / MANIFEST_NAME} is missing: optimize the ControlNet again")
        if self.manifest is not None:
            check_sizes(self.path, self.manifest)
        own = self.path / COMPONENT if self.kind == "openvino" else self.path
        if not (own / CONFIG_NAME).is_file():
            raise ModelFolderError(f"{self.path} holds no ControlNet (no {CONFIG_NAME}): give another folder")
        self.settings = read_json_object(own / CONFIG_NAME)
        check_control_config(self.settings, own / CONFIG_NAME)
        stored = check_ir_pair(own / XML_NAME) if self.kind == "openvino" else check_source_weights(own)
        self.precision = self.manifest.precision if self.manifest is not None else stored
        self.known_files = KnownFiles()  # hashes everything, unless a pipeline puts one with a memory here
        self._verified: set[str] = set()

    def config(self, component: str = COMPONENT) -> dict[str, Any]:
        """Return its configuration."""
        return self.settings

    def ir(self, component: str = COMPONENT) -> Path:
        """Return the path of the IR; raises ModelFolderError where there is none."""
        if self.kind != "openvino":
            raise ModelFolderError(
                f"{self.path} is a diffusers folder without OpenVINO IR: convert it with "
                f"`python launch.py optimize {self.path}`"
            )
        return self.path / COMPONENT / XML_NAME

    @property
    def source_path(self) -> Path | None:
        """The diffusers folder it was converted from, None when it is not (or no longer) there."""
        if self.kind == "diffusers":
            return self.path
        source = self.manifest.source.place(self.path) if self.manifest is not None else None
        return source if source is not None and (source / CONFIG_NAME).is_file() else None

    def check_fits(self, model: ModelFolder) -> None:
        """Raise InvalidRequest for a model that it was not made for."""
        unet = model.config("unet")
        for key in _FITTING:
            if self.settings.get(key) != unet.get(key):
                raise InvalidRequest(
                    f"the ControlNet {self.name} is for models whose {key} is {self.settings.get(key)!r}, "
                    f"and that of {model.name} is {unet.get(key)!r}: choose one made for this kind of model"
                )
        if self.pixels_per_latent != model.vae_scale_factor:
            raise InvalidRequest(
                f"the ControlNet {self.name} takes {self.pixels_per_latent} pixels a latent, and "
                f"{model.name} has {model.vae_scale_factor}: choose one made for this kind of model"
            )

    def count_numbers(self) -> int:
        """Return how many weights it has."""
        if self.kind == "diffusers":
            return count_numbers(source_weights(self.path)[0])
        return self.ir().with_suffix(".bin").stat().st_size // (4 if self.precision == "fp32" else 2)

    @property
    def pixels_per_latent(self) -> int:
        """How often smaller than its picture its residuals are, along each side."""
        return 1 << (len(self.settings.get("conditioning_embedding_out_channels", (16, 32, 96, 256))) - 1)

    def verify(self, component: str = COMPONENT) -> None:
        """Compare all files with the manifest, if there is one; raises ModelFolderError naming one."""
        for name, entry in self.manifest.files.items() if self.manifest is not None else ():
            if name not in self._verified:
                if not self.known_files.agrees(self.path / name, entry.sha256):
                    raise damaged(self.path / name)
                self._verified.add(name)

    def content_key(self, component: str = COMPONENT) -> str:
        """Return a key for what the IR says: equal for equal content, wherever the folder lies."""
        xml = self.ir()
        self.verify()
        listed = self.manifest.files if self.manifest is not None else {}
        names = (f"{COMPONENT}/{XML_NAME}", f"{COMPONENT}/{BIN_NAME}")
        digests = [
            listed[name].sha256 if name in listed else hash_of(xml.parent / Path(name).name) for name in names
        ]
        return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def is_controlnet(path: Path) -> bool:
    """Whether a folder says of itself that it holds a ControlNet, of whatever kind, or a file's names do."""
    config = path / CONFIG_NAME
    try:
        if path.is_file():
            return path.suffix.lower() == SAFETENSORS and file_prefix(read_header(path)) is not None
        return config.is_file() and read_json_object(config).get("_class_name") == CLASS_NAME
    except ModelFolderError:
        return False


def file_prefix(header: SafetensorsHeader) -> tuple[str, str] | None:
    """Return the prefix and the layout (of optimize.checkpoint_keys) of a ControlNet; None where none is."""
    for shown, prefix, layout in _PLACES:
        if prefix + shown in header.tensors:
            return prefix, layout
    return None


def check_control_config(config: dict[str, Any], path: Path) -> None:
    """Raise ModelFolderError for a configuration that is not a ControlNet's for SD 1.x or 2.x."""
    if config.get("_class_name") != CLASS_NAME:
        raise ModelFolderError(
            f"{path} is that of a {config.get('_class_name')!r:.60}, not of a {CLASS_NAME}: give a ControlNet"
        )
    for key, wanted in _PLAIN.items():
        if config.get(key, wanted) != wanted:
            raise ModelFolderError(
                f"{path}: {key} is {config[key]!r:.60}, and only ControlNets of Stable Diffusion 1.x and 2.x "
                f"where it is {wanted!r}, can be used: choose another one"
            )
    integer(config, "cross_attention_dim", path)
    try:
        residual_shapes(config, 8, 8)
        order = config.get("controlnet_conditioning_channel_order", "rgb")
        blocks = config.get("conditioning_embedding_out_channels", (16, 32, 96, 256))
        if order not in ("rgb", "bgr") or not isinstance(blocks, list | tuple) or not blocks:
            raise ValueError(order)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFolderError(
            f"{path} is not understood ({type(error).__name__}: {error!s:.80}): fetch the ControlNet again"
        ) from error


@dataclass(frozen=True, kw_only=True)
class ListedControlNet:
    """A ControlNet that can be asked for by its name; it has not been opened."""

    name: str
    path: Path
    bundled: bool

    def open(self) -> ControlNetFolder:
        """Open the folder; raises ModelFolderError."""
        return ControlNetFolder(self.path)


def list_controlnets(data_dir: Path, bundled_dir: Path | None = None) -> tuple[ListedControlNet, ...]:
    """Return those in `data_dir`/controlnets and `bundled_dir`, by name; one's own hides a bundled one.

    Raises ModelFolderError when a folder cannot be read; one that does not exist holds nothing.
    """
    return tuple(
        ListedControlNet(name=name, path=path, bundled=bundled)
        for name, path, bundled in named_folders(data_dir / FOLDER, bundled_dir)
    )


def find_controlnet(
    name_or_path: str | Path, data_dir: Path, bundled_dir: Path | None = None
) -> ControlNetFolder:
    """Open a ControlNet given as a path or by its name; raises ModelFolderError, which lists known names."""
    listed = list_controlnets(data_dir, bundled_dir)
    for net in listed:
        if net.name == str(name_or_path):
            return net.open()
    if Path(name_or_path).exists():
        return ControlNetFolder(name_or_path)
    known = ", ".join(net.name for net in listed) or "none; make one with `python launch.py optimize SOURCE`"
    raise ModelFolderError(
        f"there is no ControlNet {str(name_or_path)!r}: known are {known}; or give a folder"
    )
