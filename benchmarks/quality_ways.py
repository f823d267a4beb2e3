"""What `benchmark --quality` compares: rows of one table, each with what its requests say beside exact's."""

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.errors import InvalidRequest
from runtime.speed import EXACT, PRESETS

# Name -> fields of a request. The presets first, then what they are made of and what else was tried.
WAYS: Mapping[str, Mapping[str, Any]] = {
    **{name: {"speed": name} for name in PRESETS},
    "reuse 2": {"reuse": "2"},
    "reuse 1-3": {"reuse": "1-3"},
    "reuse 3-1": {"reuse": "3-1"},
    "reuse 3": {"reuse": "3"},
    "reuse 2-4": {"reuse": "2-4"},
    "reuse 4-2": {"reuse": "4-2"},
    "reuse 2-5": {"reuse": "2-5"},
    "reuse 2-6": {"reuse": "2-6"},
    "reuse 3-5": {"reuse": "3-5"},
    "reuse 5": {"reuse": "5"},
    "guidance 0-0.5": {"guidance_interval": "0-0.5"},
    "guidance 0-0.75": {"guidance_interval": "0-0.75"},
    "guidance 0.1-0.8": {"guidance_interval": "0.1-0.8"},
    "reuse 3, guidance 0-0.75": {"reuse": "3", "guidance_interval": "0-0.75"},
    "reuse 3, guidance 0-0.5": {"reuse": "3", "guidance_interval": "0-0.5"},
    "reuse 2-4, guidance 0-0.5": {"reuse": "2-4", "guidance_interval": "0-0.5"},
    "reuse 2-6, guidance 0-0.5": {"reuse": "2-6", "guidance_interval": "0-0.5"},
    "reuse 2-6, guidance 0-0.75": {"reuse": "2-6", "guidance_interval": "0-0.75"},
    "reuse 3-5, guidance 0-0.5": {"reuse": "3-5", "guidance_interval": "0-0.5"},
}
HALF_STEPS = "half the steps"  # what a person would do without any of this


def choose_ways(names: str, steps: int) -> dict[str, dict[str, Any]]:
    """Return the rows of a comma-separated list, or "presets" or "all" of them; exact is always the first.

    Raises InvalidRequest for a name that does not exist.
    """
    known = {**WAYS, HALF_STEPS: {"num_inference_steps": max(1, steps // 2)}}
    chosen: Sequence[str] = [name.strip() for name in names.split(";" if ";" in names else ",")]
    if names in ("all", "presets"):
        chosen = list(known if names == "all" else PRESETS)
    for name in chosen:
        if name not in known:
            raise InvalidRequest(
                f"--speed {name!r} does not exist: choose all, presets or of {'; '.join(known)}"
            )
    return {name: dict(known[name]) for name in dict.fromkeys([EXACT, *chosen])}
