"""A model folder on disk: what it holds, whether it is whole, and where its parts are.

Two kinds are read: OpenVINO IR in optimum-intel's layout (`kind` "openvino"), and a diffusers source folder
(`kind` "diffusers"), which the PyTorch backend and the exporter take. Components have the same names in both.
"""

import hashlib
from pathlib import Path
from typing import Any

from runtime.errors import ModelFolderError
from runtime.family import CHECKER, FamilyFacts, check_conditions
from runtime.known_files import KnownFiles
from runtime.manifest import MANIFEST_NAME
from runtime.model_files import (
    INDEX_NAME,
    check_scheduler_config,
    check_sizes,
    check_vae_config,
    damaged,
    hash_of,
    integer,
    read_json_object,
    read_manifest,
    require_folder,
    require_tokenizer,
)
from runtime.tasks import find_tasks
from runtime.weight_files import BIN_NAME, XML_NAME, check_ir_pair, check_source_weights

UNUSABLE = "its safety checker is in a form that is not used here: optimize the model from safetensors"
MANIFEST_MARK = "_manifest"  # key of model_index.json: a folder written with a manifest is refused without it

# Entry of model_index.json -> our components, and whether a folder without the component is refused.
_COMPONENTS = {
    "text_encoder": (("text_encoder", True),),
    "text_encoder_2": (("text_encoder_2", True),),
    "unet": (("unet", True),),
    "vae": (("vae_decoder", True), ("vae_encoder", False)),
    "depth_estimator": (("depth_estimator", False),),
    CHECKER: ((CHECKER, False),),
}
_SCHEDULER = "scheduler/scheduler_config.json"
_LOW_RES_SCHEDULER = "low_res_scheduler/scheduler_config.json"
_FEATURE_EXTRACTOR = "feature_extractor/preprocessor_config.json"


class ModelFolder(FamilyFacts):
    """An opened model folder: opening checks that all it needs is there, `verify` that it is unchanged.

    Raises ModelFolderError, one sentence naming the file or component, for everything that is missing,
    unreadable, cut short or of the wrong kind.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        require_folder(self.path)
        self.name = self.path.resolve().name
        self.manifest = read_manifest(self.path)
        self.index = self._json(INDEX_NAME)
        if self.manifest is None and self.index.get(MANIFEST_MARK):
            raise ModelFolderError(f"{self.path / MANIFEST_NAME} is missing: export the model again")
        if self.manifest is not None:
            check_sizes(self.path, self.manifest)
        self.kind = self._find_kind()
        self.components, stored = self._find_components()
        self.precision = self.manifest.precision if self.manifest else stored
        self._configs = {component: self._read_config(component) for component in self.components}
        self.scheduler_config = self._json(_SCHEDULER)
        self._check_meaning()
        self.tasks = self._find_tasks()
        looks = {"depth_estimator", CHECKER} & set(self.components)
        self.feature_extractor_config = self._json(_FEATURE_EXTRACTOR) if looks else {}
        self.low_res_scheduler_config = self._json(_LOW_RES_SCHEDULER) if "upscale" in self.tasks else {}
        self.max_noise_level = self._find_max_noise_level()
        unchecked = self.kind == "openvino" and self.manifest is None
        unusable = CHECKER not in self.components and (self.path / CHECKER).is_dir()
        notes = {"no manifest.json: contents are not verified": unchecked, UNUSABLE: unusable}
        self.notes = tuple(note for note, holds in notes.items() if holds)
        self.known_files = KnownFiles()  # hashes everything, unless a pipeline puts one with a memory here
        self._verified: dict[str, str] = {}  # file name -> sha256 that was computed and agreed

    # What it holds

    def config(self, component: str) -> dict[str, Any]:
        """Return a component's configuration."""
        self._require(component)
        return self._configs[component]

    def ir(self, component: str) -> Path:
        """Return the path of a component's IR (the .xml, its .bin beside it)."""
        self._require(component)
        if self.kind != "openvino":
            raise ModelFolderError(
                f"{self.path} is a diffusers folder without OpenVINO IR: convert it with `optimize`, "
                "or use a PyTorch device"
            )
        return self.path / component / XML_NAME

    @property
    def tokenizer_dir(self) -> Path:
        """The folder with tokenizer.json, or vocab.json and merges.txt."""
        return self.tokenizer_of("text_encoder")

    @property
    def pipeline_class(self) -> str:
        """The diffusers pipeline that the model was made for."""
        return str(self.index.get("_class_name", ""))

    @property
    def vae_scale_factor(self) -> int:
        """Pixels per latent, along each side."""
        if "vae_decoder" not in self.components:
            return 1
        return 1 << (len(self._configs["vae_decoder"]["block_out_channels"]) - 1)

    @property
    def scaling_factor(self) -> float:
        """What latents are multiplied by after encoding, and divided by before decoding."""
        return float(self._configs.get("vae_decoder", {}).get("scaling_factor", 0.18215))

    @property
    def latent_channels(self) -> int:
        """Channels of the latents that the loop keeps: the UNet may take more, or predict a variance too."""
        if "vae_decoder" in self.components:
            return int(self._configs["vae_decoder"]["latent_channels"])
        return self.unet_in_channels

    @property
    def unet_in_channels(self) -> int:
        """Channels that the UNet takes: latents and whatever is concatenated to them."""
        return int(self._configs["unet"]["in_channels"])

    @property
    def default_height(self) -> int:
        """The height in pixels that the model was trained at."""
        return self._sample_size()[0] * self.vae_scale_factor

    @property
    def default_width(self) -> int:
        """The width in pixels that the model was trained at."""
        return self._sample_size()[1] * self.vae_scale_factor

    @property
    def prediction_type(self) -> str:
        """What the UNet predicts: epsilon, v_prediction or sample."""
        return str(self.scheduler_config.get("prediction_type", "epsilon"))

    @property
    def source_path(self) -> Path | None:
        """The diffusers folder this model was converted from, None when it is not (or no longer) there."""
        if self.kind == "diffusers":
            return self.path
        source = self.manifest.source.place(self.path) if self.manifest is not None else None
        if source is None or not (source / INDEX_NAME).is_file():
            return None
        is_ir = (source / "unet" / XML_NAME).is_file()  # which an int8 model is made of
        return None if is_ir else source

    # Whether it is unchanged

    def verify(self, component: str | None = None) -> None:
        """Compare the files of a component (also "tokenizer", "scheduler"), or all files, with the manifest.

        Raises ModelFolderError naming the first file that differs. Without a manifest there is nothing to
        compare with, which `notes` says. What agreed once is not hashed again, and what `known_files` knows
        not at all. May run in a thread beside a compile.
        """
        if self.manifest is None:
            return
        for name, entry in self.manifest.files.items():
            if name in self._verified or (component is not None and name.split("/")[0] != component):
                continue
            if not self.known_files.agrees(self.path / name, entry.sha256):
                raise damaged(self.path / name)
            self._verified[name] = entry.sha256

    def content_key(self, component: str) -> str:
        """Return a key for what a component's IR says: equal for equal content, wherever the folder lies.

        The files are hashed (and compared with the manifest, when there is one) the first time.
        """
        xml = self.ir(component)
        self.verify(component)
        names = [f"{component}/{xml.name}", f"{component}/{BIN_NAME}"]
        for name in names:
            if name not in self._verified:
                self._verified[name] = hash_of(self.path / name)
        return hashlib.sha256("\n".join(self._verified[name] for name in names).encode()).hexdigest()

    # Opening

    def _json(self, name: str) -> dict[str, Any]:
        return read_json_object(self.path / name, self.manifest.files.get(name) if self.manifest else None)

    def _config_path(self, component: str) -> Path:
        folder = "vae" if self.kind == "diffusers" and component.startswith("vae_") else component
        return self.path / folder / "config.json"

    def _read_config(self, component: str) -> dict[str, Any]:
        return self._json(self._config_path(component).relative_to(self.path).as_posix())

    def _find_kind(self) -> str:
        if self.manifest is not None or any(self.path.glob("*/openvino_model.*")):
            return "openvino"
        return "diffusers"

    def _find_components(self) -> tuple[tuple[str, ...], str]:
        """Return the components that are there, and how the UNet's weights are stored."""
        named = [entry for entry in _COMPONENTS if self._names(entry)]
        if "unet" not in named or any(self.index.get("vqvae") or ()):
            raise ModelFolderError(
                f"{self.path} holds a {self.pipeline_class or 'model of an unknown class'}, which is not "
                "a UNet in pixels or in a VAE's latents: only such models can be opened"
            )
        if "text_encoder_2" in named and "text_encoder" not in named:
            raise ModelFolderError(
                f"{self.path} has a second text encoder and no first, as a refiner of Stable Diffusion XL: "
                "take the base model, which makes whole pictures by itself"
            )
        for entry in named:
            if entry.startswith("text_encoder"):
                require_tokenizer(self.path / entry.replace("text_encoder", "tokenizer"))
        present: list[str] = []
        precision = "unknown"
        for component, required in (part for entry in named for part in _COMPONENTS[entry]):
            folder = self._config_path(component).parent
            if not folder.is_dir():
                if required:
                    raise ModelFolderError(
                        f"{self.path} lacks its {component} (no folder {folder.name}): "
                        "export or fetch the model again"
                    )
                continue
            stored = (
                check_ir_pair(folder / XML_NAME) if self.kind == "openvino" else check_source_weights(folder)
            )
            precision = stored if component == "unet" else precision
            present.append(component)
        return tuple(present), precision

    def _names(self, entry: str) -> bool:
        """Whether the index names a component; a safety checker must be there in a form that can be used."""
        if entry != CHECKER:
            return any(self.index.get(entry) or ())
        if self.kind == "openvino":
            return (self.path / CHECKER / XML_NAME).is_file()
        return any(self.index.get(entry) or ()) and any((self.path / CHECKER).glob("*.safetensors"))

    def _check_meaning(self) -> None:
        """Check the values that the properties above compute with."""
        unet = self._config_path("unet")
        for key in ("in_channels", "out_channels"):
            integer(self._configs["unet"], key, unet)
        self._sample_size()
        if "vae_decoder" in self.components:
            check_vae_config(self._configs["vae_decoder"], self._config_path("vae_decoder"))
        check_scheduler_config(self.scheduler_config, self.path / _SCHEDULER)
        check_conditions(self._configs["unet"], self._configs.get("text_encoder_2"), str(unet))
        if self.index.get("requires_aesthetics_score"):
            raise ModelFolderError(
                f"{self.path} wants to be told an aesthetic score, as a refiner of Stable Diffusion XL does: "
                "take the base model, which makes whole pictures by itself"
            )

    def _find_tasks(self) -> tuple[str, ...]:
        """Return what the model can do; raises ModelFolderError when that is nothing."""
        unet = self._configs["unet"]
        tasks = find_tasks(
            has_text_encoder="text_encoder" in self.components,
            has_vae_encoder="vae_encoder" in self.components,
            in_channels=self.unet_in_channels,
            latent_channels=self.latent_channels,
            num_class_embeds=unet.get("num_class_embeds"),
        )
        if not tasks:
            raise ModelFolderError(
                f"{self.path} holds {', '.join(self.components)}, its UNet takes {self.unet_in_channels} "
                f"channels and its latents have {self.latent_channels}: no task works with that"
            )
        return tasks

    def _find_max_noise_level(self) -> int:
        """Return the highest noise level that an upscaler takes for its picture, 350 if unsaid."""
        found = {"max_noise_level": self.index.get("max_noise_level", 350)}
        return integer(found, "max_noise_level", self.path / INDEX_NAME)

    def _sample_size(self) -> tuple[int, int]:
        config, path = self._configs["unet"], self._config_path("unet")
        size = config.get("sample_size")
        if isinstance(size, list) and len(size) == 2:
            sides = {"sample_size": size[0]}, {"sample_size": size[1]}
            return integer(sides[0], "sample_size", path), integer(sides[1], "sample_size", path)
        side = integer(config, "sample_size", path)
        return side, side

    def _require(self, component: str) -> None:
        if component not in self.components:
            raise ModelFolderError(f"{self.path} has no {component}: it holds " + ", ".join(self.components))
