"""ControlNets in the text of a picture: the pairs that A1111's extension writes, and what they say read back.

`ControlNet 0: "Module: canny, Model: control_v11p_sd15_canny [d14c016b], Weight: 1, ..., Guidance Start: 0,
Guidance End: 1, ..."`, the second one's key with 1 (github.com/Mikubill/sd-webui-controlnet).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from runtime.control import KINDS, LEVELS, WEIGHTS, Control

KEYS = ("ControlNet 0", "ControlNet 1")
_HASH = re.compile(r"\s*\[[0-9a-fA-F]{4,64}\]\s*$")
_PAIR = re.compile(r"\s*([A-Za-z][A-Za-z ]*?)\s*:\s*([^,]*)")
_THRESHOLDS = ("canny", "scribble")
# Beginnings of A1111's names of preprocessors -> ours; a picture that was prepared has "none".
_MODULES = {"canny": "canny", "scribble": "scribble", "invert": "scribble", "threshold": "scribble"}


def control_details(controls: Sequence[Control]) -> dict[str, str]:
    """Return the pairs that tell of the controls of a request."""
    return {key: _told(control) for key, control in zip(KEYS, controls, strict=False)}


def read_control(value: str) -> dict[str, Any] | None:
    """Return the fields of a Control that a value tells, all but its picture; None where it tells no net.

    A weight or share out of bounds, and a preprocessor that is not known here, are left out.
    """
    pairs = {name.casefold(): text.strip() for name, text in _PAIR.findall(value)}
    net = _HASH.sub("", pairs.get("model", "")).strip()
    if not net or net.casefold() == "none":
        return None
    kind = _kind(pairs.get("module", "none"))
    found: dict[str, Any] = {"net": net, "kind": kind}
    for name, key, bounds in (
        ("weight", "weight", WEIGHTS),
        ("start", "guidance start", (0.0, 1.0)),
        ("end", "guidance end", (0.0, 1.0)),
    ):
        number = _number(pairs.get(key), bounds)
        if number is not None:
            found[name] = number
    if kind in _THRESHOLDS:
        names = ("low", "high") if kind == "canny" else ("low",)
        for name, key in zip(names, ("threshold a", "threshold b"), strict=False):
            number = _number(pairs.get(key), LEVELS)
            if number is not None:
                found[name] = int(number)
    return found


def _told(control: Control) -> str:
    low, high = control.thresholds
    thresholds: Mapping[str, object] = {}
    if control.kind == "canny":
        thresholds = {"Threshold A": low, "Threshold B": high}
    elif control.kind == "scribble":
        thresholds = {"Threshold A": low}
    values = {
        "Module": control.kind,
        "Model": re.split(r"[\\/]", control.net.rstrip("\\/"))[-1].replace(",", " "),
        "Weight": f"{control.weight:g}",
        "Resize Mode": "Crop and Resize",
        **thresholds,
        "Guidance Start": f"{control.start:g}",
        "Guidance End": f"{control.end:g}",
        "Control Mode": "Balanced",
    }
    return ", ".join(f"{name}: {value}" for name, value in values.items())


def _kind(module: str) -> str:
    name = module.casefold()
    if name in KINDS:
        return name
    return next((ours for theirs, ours in _MODULES.items() if name.startswith(theirs)), "none")


def _number(text: str | None, bounds: tuple[float, float]) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if bounds[0] <= number <= bounds[1] else None
