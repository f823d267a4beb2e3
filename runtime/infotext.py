"""The A1111 "parameters" text: what made a picture, in the form that other programs read."""

import json
from collections.abc import Mapping

from runtime.control import active
from runtime.control_text import control_details
from runtime.request import Request

VERSION = "Lapdraw 0.1.0"


def infotext(
    request: Request,
    *,
    seed: int,
    size: tuple[int, int],
    sampler: str,
    schedule: str,
    model_name: str,
    model_hash: str | None,
    extra: Mapping[str, str],
) -> str:
    """Return the text for one picture; `extra` are our own keys, which other readers keep or skip.

    `model_hash` is the first ten digits of the sha256 of the source weights.
    """
    values: dict[str, object] = {
        "Steps": request.total_steps,
        "Sampler": sampler,
        "Schedule type": schedule,
        "CFG scale": f"{request.scale:g}",
        "Seed": seed,
        "Size": f"{size[0]}x{size[1]}",
        "Model hash": model_hash,
        "Model": model_name,
        "Clip skip": request.clip_skip if request.clip_skip > 1 else None,
        "RNG": "CPU",
        **request.details,
        **request.speed_details,
        **control_details(active(request.controls)),
        **extra,
        "Version": VERSION,
    }
    line = settings_line({key: value for key, value in values.items() if value is not None})
    negative = f"\nNegative prompt: {request.negative_prompt}" if request.negative_prompt else ""
    return f"{request.prompt}{negative}\n{line}"


def settings_line(values: Mapping[str, object]) -> str:
    """Return `key: value` pairs with commas between them."""
    return ", ".join(f"{key}: {_quote(str(value))}" for key, value in values.items())


def _quote(value: str) -> str:
    """Values that hold a separator, or could be taken for such a string, are JSON strings."""
    is_plain = not any(mark in value for mark in ',:\n"') and value == value.strip()
    return value if is_plain else json.dumps(value, ensure_ascii=False)
