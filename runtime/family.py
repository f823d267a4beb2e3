"""What distinguishes the families of models at run time, read from their own configurations."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from runtime.errors import InvalidRequest, ModelFolderError
from runtime.few_steps import ModelDefaults, find_defaults

if TYPE_CHECKING:
    from runtime.manifest import Manifest
    from runtime.request import Request

Config = Mapping[str, Any]
R = TypeVar("R", bound="Request")
CHECKER = "safety_checker"  # a component that looks at finished pictures
CLIP = "quick_gelu"  # the activation of OpenAI's text encoder
SIZES = 6  # numbers that SDXL is told: of the original, where it was cropped, of the target; height first


class FamilyFacts:
    """What follows from a model's index and configurations; a ModelFolder has read them."""

    path: Path
    name: str
    index: dict[str, Any]
    manifest: "Manifest | None"
    components: tuple[str, ...]
    scheduler_config: dict[str, Any]

    def config(self, component: str) -> dict[str, Any]:
        """Return a component's configuration."""
        raise NotImplementedError

    @property
    def default_width(self) -> int:
        """The width in pixels that the model was trained at."""
        raise NotImplementedError

    @property
    def default_height(self) -> int:
        """The height in pixels that the model was trained at."""
        raise NotImplementedError

    def tokenizer_of(self, encoder: str) -> Path:
        """The folder of the tokenizer that belongs to a text encoder."""
        if encoder not in self.components:
            raise ModelFolderError(f"{self.path} has no text encoder and so takes no prompt")
        return self.path / encoder.replace("text_encoder", "tokenizer")

    @property
    def text_encoders(self) -> tuple[str, ...]:
        """Those that are there, in the order in which their embeddings stand side by side."""
        return tuple(name for name in self.components if name.startswith("text_encoder"))

    @property
    def zeroes_empty_prompt(self) -> bool:
        """Whether an empty negative prompt is zeros, as SDXL was trained, and not what the encoders give."""
        return len(self.text_encoders) == 2 and self.index.get("force_zeros_for_empty_prompt") is not False

    @property
    def reads_last_layer(self) -> bool:
        """Whether the UNet reads the text encoder's last layer, as SD 1.x does: then layers can be skipped.

        SDXL always reads the last but one; the encoder of SD 2.x (OpenCLIP's, told by its activation) was
        saved without its last.
        """
        encoders = self.text_encoders
        return len(encoders) == 1 and self.config(encoders[0]).get("hidden_act", CLIP) == CLIP

    def clip_skip(self, asked: int) -> int:
        """Return which layer of the text encoder is read, counted from the last.

        Raises InvalidRequest for more than there are; models that always read the same one read that.
        """
        if asked == 1 or not self.reads_last_layer:
            return 1
        layers = int(self.config(self.text_encoders[0]).get("num_hidden_layers", asked))
        if asked > layers:
            raise InvalidRequest(
                f"clip_skip {asked} skips every layer of {self.name}'s text encoder: use 1 to {layers}"
            )
        return asked

    @property
    def vae_overflows(self) -> bool:
        """Whether the VAE's activations are too large for f16, as SDXL's unless its configuration says no."""
        return len(self.text_encoders) == 2 and self.config("vae_decoder").get("force_upcast") is not False

    def precision_for(self, component: str, asked: str | None) -> str | None:
        """Return what a component executes in when `asked` is for the whole model; None: what is usual."""
        return None if asked == "f16" and self.vae_overflows and component.startswith("vae") else asked

    @property
    def takes_guidance(self) -> bool:
        """Whether guidance runs the UNet on two halves."""
        return bool(self.text_encoders) and not embeds_guidance(self.config("unet"))

    @property
    def defaults(self) -> ModelDefaults:
        """How the model wants to be asked."""
        location = self.manifest.source.location if self.manifest is not None else ""
        names = f"{self.name} {location} {self.index.get('_name_or_path', '')}"
        return find_defaults(self.config("unet"), self.scheduler_config, names)

    @property
    def sampler_config(self) -> dict[str, Any]:
        """What samplers read: the model's own configuration, and the family whose steps may be aligned."""
        return {**self.scheduler_config, "aligned_for": "sdxl" if pooled_count(self.config("unet")) else "sd"}

    def resolve(self, request: R) -> R:
        """Return the request with a drawn seed, and the model's own values where none were given."""
        return request.resolved(width=self.default_width, height=self.default_height, model=self.defaults)


def pooled_count(unet: Config) -> int:
    """Return how many pooled embeddings a UNet takes, 0 for one that is not SDXL's."""
    if unet.get("addition_embed_type") != "text_time":
        return 0
    embedded = SIZES * int(unet["addition_time_embed_dim"])
    return int(unet["projection_class_embeddings_input_dim"]) - embedded


def embeds_guidance(unet: Config) -> bool:
    """Whether a UNet is told the guidance scale, and so needs no second half to be guided by."""
    return bool(unet.get("time_cond_proj_dim"))


def check_conditions(unet: Config, second_encoder: Config | None, path: str) -> None:
    """Raise ModelFolderError for a UNet that is to be told what this version cannot tell; `path` names it."""
    added, guidance = unet.get("addition_embed_type"), unet.get("time_cond_proj_dim")
    if added not in (None, "text_time"):
        raise ModelFolderError(
            f"{path}: addition_embed_type {added!r:.40} is not supported, only text_time (SDXL's): "
            "use another model"
        )
    if guidance is not None and not (_is_count(guidance) and guidance >= 4):
        raise ModelFolderError(
            f"{path}: time_cond_proj_dim must be an integer of 4 or more, got {guidance!r:.40}"
        )
    if added is None:
        return
    for key in ("addition_time_embed_dim", "projection_class_embeddings_input_dim"):
        if not _is_count(unet.get(key)):
            raise ModelFolderError(f"{path}: {key} must be a positive integer, got {unet.get(key)!r:.40}")
    if second_encoder is None:
        raise ModelFolderError(
            f"{path} takes pooled embeddings and there is no text_encoder_2: fetch the whole model again"
        )
    given = second_encoder.get("projection_dim")
    if given != pooled_count(unet):
        raise ModelFolderError(
            f"{path} takes {pooled_count(unet)} pooled embeddings beside {SIZES} sizes, and text_encoder_2 "
            f"gives {given!r:.40}: a refiner of SDXL, or parts of different models, cannot be used"
        )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
