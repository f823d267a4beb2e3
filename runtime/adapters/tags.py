"""`<lora:name:0.8>` in a prompt: which LoRA is wanted, and how much of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from runtime.errors import InvalidRequest
from runtime.prompt_syntax import Network, ParsedPrompt

MAX_WEIGHT = 100.0
KINDS = ("lora", "lyco")


@dataclass(frozen=True, kw_only=True)
class WantedLora:
    """A LoRA by its name, and its weights in the text encoders and in the UNet."""

    name: str
    text: float
    unet: float


def wanted_loras(prompt: ParsedPrompt) -> tuple[WantedLora, ...]:
    """Return what the tags of a prompt ask for; raises InvalidRequest for one that cannot be read.

    The arguments are A1111's: the name, the weight in the text encoders (1), that in the UNet (the same), or
    the weights by name, te=0.5 and unet=1.
    """
    return tuple(_wanted(network) for network in prompt.networks if network.kind in KINDS)


def check_networks(prompt: ParsedPrompt, name: str = "prompt") -> None:
    """Raise InvalidRequest for a network that cannot be had; `name` is what the prompt is called."""
    for network in prompt.networks:
        if network.kind not in KINDS:
            raise InvalidRequest(
                f"the {name} asks for {network.text[:60]!r}, and networks beside the model other than LoRAs "
                "are not supported: leave it out"
            )
        if name != "prompt":  # where A1111 takes it as text
            raise InvalidRequest(
                f"the {name} asks for {network.text[:60]!r}, and LoRAs have effect in the prompt only: "
                "write it there"
            )
        _wanted(network)


def _wanted(network: Network) -> WantedLora:
    arguments = network.arguments
    plain = [argument.strip() for argument in arguments if "=" not in argument]
    named = _named(arguments[1:])
    if not plain or not plain[0] or len(plain) > 3 or set(named) - {"te", "unet"}:
        raise InvalidRequest(f"{network.text[:80]!r} cannot be read: write <lora:name:0.8>")
    text = _weight(named.get("te", plain[1] if len(plain) > 1 else "1"), network.text)
    said = named.get("unet", plain[2] if len(plain) > 2 else None)
    return WantedLora(name=plain[0], text=text, unet=text if said is None else _weight(said, network.text))


def _named(arguments: Sequence[str]) -> dict[str, str]:
    pairs = (argument.partition("=") for argument in arguments if "=" in argument)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _weight(text: str, written: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not abs(weight) <= MAX_WEIGHT:
        raise InvalidRequest(
            f"{written[:80]!r} has the weight {text[:20]!r}: use a number up to {MAX_WEIGHT:g}, mostly 0 to 1"
        )
    return weight
