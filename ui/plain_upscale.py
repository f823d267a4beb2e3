"""`generate --model lanczos`: x4 enlarging that needs no model."""

import argparse
import time
from typing import Any

from runtime.errors import InvalidRequest
from ui.generate_options import flag_of, given_fields
from ui.generate_report import print_json
from ui.outputs import Outputs

TASK = "upscale"


def upscale_plainly(options: argparse.Namespace) -> int:
    """Enlarge one picture by resampling, and save it."""
    given = given_fields(options)
    _check(options, given)
    from runtime.image_files import save_png
    from runtime.image_input import read_image
    from runtime.lanczos import NAME, enlarge, lanczos_text

    place = Outputs(options, several=False)
    started = time.perf_counter()
    enlarged = enlarge(read_image(given["image"]))
    made = time.perf_counter()
    path = place.picture(TASK, NAME)
    save_png(enlarged, path, lanczos_text(enlarged.size))
    if not options.json:
        print(path)
        return 0
    timings = {"resample": made - started, "save": time.perf_counter() - made}
    print_json(
        {
            "task": TASK,
            "images": [{"path": str(path), "seed": None}],
            "model": NAME,
            "previews": [],
            "request": {"task": TASK, "image": given["image"]},
            "placement": {},
            "timings": timings | {"total": sum(timings.values())},
            "warnings": [],
        }
    )
    return 0


def _check(options: argparse.Namespace, given: dict[str, Any]) -> None:
    if getattr(options, "task", None) not in (None, TASK):
        raise InvalidRequest(f"lanczos cannot do {options.task}: it can do {TASK}")
    others = [flag_of(name) for name in given if name != "image"]
    for name in ("prompts", "grid", "variations", "save_steps", "lora"):
        if getattr(options, name, None):
            others.append(flag_of(name))
    if others:
        raise InvalidRequest(f"{others[0]} does not go with --model lanczos, which only resamples: drop it")
    if "image" not in given:
        raise InvalidRequest("upscale starts from a picture: give --image FILE (lanczos can do upscale)")
