"""Which layers of an opened model a LoRA changes, and the refusal of one that is another model's."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from runtime.adapters.changes import LowRank
from runtime.adapters.layer_names import names_of
from runtime.adapters.lora import FAMILIES, MAX_RANK, Lora
from runtime.adapters.lora_keys import TEXT, TEXT_2
from runtime.errors import AdapterError

Layers = Mapping[str, tuple[int, ...]]  # path of a layer -> shape of its weights, (out, in) or with a kernel
WORDS = {"text_encoder": "the text encoder", "text_encoder_2": "the second text encoder", "unet": "the UNet"}


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """A LoRA and how much of it is wanted, in the text encoders and in the UNet."""

    lora: Lora
    text: float
    unet: float


@dataclass(kw_only=True)
class Matcher:
    """Fits LoRAs to one model; `layers_of` gives the layers of a network, `width` of its prompts."""

    networks: Sequence[str]
    layers_of: Callable[[str], Layers]
    width: int
    warnings: list[str] = field(default_factory=list)

    def match(self, wanted: Sequence[Weighed]) -> Mapping[str, dict[str, LowRank]]:
        """Return the changes of every network; raises AdapterError for a file that does not fit."""
        stacks: dict[str, dict[str, list[LowRank]]] = {}
        for weighed in wanted:
            for (network, path), change in self._fit(weighed.lora).items():
                weight = weighed.unet if network == "unet" else weighed.text
                stacks.setdefault(network, {}).setdefault(path, []).append(change.weighed(weight))
        return {
            network: {path: _stacked(changes) for path, changes in paths.items()}
            for network, paths in stacks.items()
        }

    def _fit(self, lora: Lora) -> Mapping[tuple[str, str], LowRank]:
        """Return a LoRA's changes by network and path."""
        fitted: dict[tuple[str, str], LowRank] = {}
        missed: Counter[str] = Counter()
        self._check_family(lora)
        names = {network: names_of(self.layers_of(network)) for network in self._touched(lora)}
        for (network, layer), change in lora.changes.items():
            path = names.get(network, {}).get(layer)
            if path is None:
                missed[network] += 1
                continue
            shape = self.layers_of(network)[path]
            reshaped = _shaped(change, shape)
            if reshaped is None or (network, path) in fitted:
                raise AdapterError(
                    f"{lora.path} does not fit this model ({path} has weights of shape {list(shape)}, the "
                    f"LoRA is for {list(change.weight_shape)}{self._meant(lora)}): choose one made for it"
                )
            fitted[network, path] = reshaped
        self._judge(lora, len(fitted), missed)
        return fitted

    def _touched(self, lora: Lora) -> list[str]:
        return [name for name in self.networks if any(network == name for network, _ in lora.changes)]

    def _check_family(self, lora: Lora) -> None:
        own = FAMILIES.get(self.width)
        if lora.family in FAMILIES.values() and own is not None and lora.family != own:
            raise AdapterError(
                f"{lora.path} is for {lora.family} and this model is a {own}: choose a LoRA made for {own}"
            )
        if any(network == TEXT_2 for network, _ in lora.changes) and TEXT_2 not in self.networks:
            raise AdapterError(
                f"{lora.path} is for SDXL, which has two text encoders, and this model has "
                f"{'one' if TEXT in self.networks else 'none'}: choose a LoRA made for this model"
            )

    def _judge(self, lora: Lora, fitted: int, missed: Counter[str]) -> None:
        """Refuse what mostly does not fit; note what does in part."""
        absent = sum(missed.values()) + lora.unknown
        if absent == 0:
            return
        where = " and ".join(WORDS.get(network, network) for network in missed) or "any network"
        what = f"{absent} of {absent + fitted} keys of {lora.path} match no layer of {where}"
        if absent >= fitted:
            raise AdapterError(f"{what}{self._meant(lora)}: choose a LoRA made for this model")
        self.warnings.append(f"{what}: they have no effect")

    def _meant(self, lora: Lora) -> str:
        return f"; it is for {lora.family}" if lora.family else ""


def _shaped(change: LowRank, shape: tuple[int, ...]) -> LowRank | None:
    """Return a change for weights of that shape, where it fits: kernels of 1 may be written or not."""
    down = change.down
    if len(shape) == 2 and down.ndim == 4 and down.shape[2:] == (1, 1):
        down = down[:, :, 0, 0]
    elif len(shape) == 4 and down.ndim == 2 and shape[2:] == (1, 1):
        down = down[:, :, None, None]
    fitted = LowRank(down=down, up=change.up)
    return fitted if fitted.weight_shape == shape else None


def _stacked(changes: Sequence[LowRank]) -> LowRank:
    """Return the sum of changes of one layer, as one change."""
    if len(changes) == 1:
        return changes[0]
    rank = sum(change.rank for change in changes)
    if rank > MAX_RANK:
        raise AdapterError(f"the LoRAs have a rank of {rank} together, at most {MAX_RANK}: use fewer at once")
    return LowRank(
        down=np.concatenate([change.down for change in changes]),
        up=np.concatenate([change.up for change in changes], axis=1),
    )
