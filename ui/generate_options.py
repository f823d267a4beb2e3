"""The options of `generate`, and which fields of a request they fill."""

import argparse
from typing import Any

from runtime.errors import InvalidRequest
from runtime.speed import PRESETS
from ui.control_options import add_control_options, require_pictures

SIDES = ("left", "right", "top", "bottom")
# Fields whose flag is not their name with dashes.
FLAGS = {"num_inference_steps": "--steps", "prompt": "PROMPT", "controls": "--control"}
FLAGS |= dict.fromkeys(SIDES, "--extend")
REQUEST_OPTIONS = (
    *("prompt", "negative_prompt", "sampler", "schedule", "num_inference_steps", "guidance_scale", "seed"),
    *("width", "height", "count", "batch_size", "image", "strength", "resize", "mask", "mask_blur"),
    *("clip_skip", "invert_mask", "only_masked", "padding", "depth", "noise_level", "tile"),
    *("speed", "reuse", "guidance_interval", "controls", "safety_checker"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options. Those that fill a field are absent unless given: the request has the defaults."""
    parser.set_defaults(prompt=None)
    _add_request_options(parser)
    _add_picture_options(parser)
    add_control_options(parser)
    _add_run_options(parser)


def flag_of(field: str) -> str:
    """Return how a person spells a field on the command line."""
    return FLAGS.get(field) or "--" + field.replace("_", "-")


def given_fields(options: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of a request that are given on the command line."""
    given = {name: getattr(options, name) for name in REQUEST_OPTIONS if hasattr(options, name)}
    if given["prompt"] is None:
        del given["prompt"]
    require_pictures(given.get("controls", ()))
    return given | getattr(options, "extend", {})


def _add_request_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prompt", nargs="?", metavar="PROMPT", help="what the picture should show")
    parser.add_argument("--prompts", metavar="FILE", help="a prompt a line, or JSON lines of requests")
    parser.add_argument("--model", metavar="NAME|DIR", help="the model (the bundled one for the task)")
    parser.add_argument("--task", metavar="TASK", help="what to do, where it does not follow from the rest")
    _field(parser, "--negative-prompt", metavar="TEXT", help="what the picture should not show")
    _field(
        parser, "--sampler", metavar="NAME", help='such as "Euler a", "DPM++ 2M Karras" (the model\'s own)'
    )
    _field(parser, "--schedule", metavar="NAME", help='such as "Karras" (the model\'s own)')
    _field(
        parser, "--steps", dest="num_inference_steps", type=_integer, metavar="N", help="denoising steps (25)"
    )
    _field(parser, "--guidance-scale", type=_number, metavar="G", help="1 or less turns it off (7.5)")
    _field(
        parser,
        "--clip-skip",
        type=_integer,
        metavar="N",
        help="layer of the text encoder, 2: last but one (1)",
    )
    parser.add_argument(
        "--lora",
        action="append",
        default=[],
        metavar="NAME|FILE[:WEIGHT]",
        help="use a LoRA, as <lora:NAME:WEIGHT> in the prompt does; may be given several times",
    )
    _field(parser, "--seed", type=_integer, metavar="N", help="-1 draws one (-1)")
    _field(parser, "--width", type=_integer, metavar="W", help="pixels (the picture's or the model's own)")
    _field(parser, "--height", type=_integer, metavar="H", help="pixels (the picture's or the model's own)")
    _field(parser, "--count", type=_integer, metavar="N", help="pictures, with seed, seed+1, ... (1)")
    _field(parser, "--batch-size", type=_integer, metavar="N", help="pictures made at once (1)")


def _add_picture_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("starting from a picture")
    _field(group, "--image", metavar="FILE", help="the picture to start from")
    _field(group, "--strength", type=_number, metavar="X", help="how far it may change, to 1 (0.75)")
    _field(group, "--resize", metavar="HOW", help="crop, fit or stretch it to --width, --height (crop)")
    group.add_argument(
        "--variations", action="store_true", help="versions of --image, by the text it carries (4)"
    )
    _field(group, "--mask", metavar="FILE", help="inpaint: white is repainted")
    _field(group, "--mask-blur", type=_integer, metavar="PIXELS", help="soft edge (4, outpainting 8)")
    _field(group, "--invert-mask", action="store_true", help="repaint what is black")
    _field(group, "--only-masked", action="store_true", help="work on the masked area alone, at full size")
    _field(group, "--padding", type=_integer, metavar="PIXELS", help="around it, with --only-masked (32)")
    _field(group, "--extend", type=_sides, metavar="SIDES", help="outpaint: left=64,top=32, in pixels")
    _field(group, "--depth", metavar="FILE", help="depth to image: brighter is nearer")
    _field(group, "--noise-level", type=_integer, metavar="N", help="upscale: more invents more (20)")
    _field(group, "--tile", type=_integer, metavar="PIXELS", help="upscale: side of a tile of the result")


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how it is done and what comes of it")
    group.add_argument(
        "--grid",
        action="append",
        default=[],
        metavar="AXIS=A,B,C",
        help="a picture for each value, or for two axes each pair, and a sheet of all",
    )
    _field(group, "--save-steps", type=_integer, metavar="N", help="save both previews after every Nth step")
    _field(group, "--speed", metavar="NAME", help=f"{', '.join(PRESETS)}: see docs/speed.md (exact)")
    _field(group, "--reuse", metavar="N|A-B|1,B,C", help="whole steps: every Nth, gaps from A to B, or these")
    _field(group, "--guidance-interval", metavar="A,B", help="guide from share A of the steps to B (0,1)")
    group.add_argument(
        "--device", default="auto", metavar="D", help="see `devices`; or unet=igpu,vae_decoder=cpu"
    )
    _field(group, "--execution-precision", choices=("f32", "f16", "bf16"), help="chosen per device")
    group.add_argument(
        "--no-safety-checker",
        dest="safety_checker",
        action="store_false",
        default=argparse.SUPPRESS,
        help="give out what the model's checker flags too; the licence holds all the same (docs/safety.md)",
    )
    group.add_argument("--data-dir", metavar="DIR", help="where models, outputs and the cache are")
    group.add_argument("--no-cache", action="store_true", help="do not keep compiled models")
    group.add_argument("-o", "--output", metavar="FILE|DIR", help="where the pictures go")
    group.add_argument("--json", action="store_true", help="print one JSON object a request")


def _field(parser: Any, flag: str, **settings: Any) -> None:
    """Add an option that leaves no trace unless it is given."""
    parser.add_argument(flag, default=argparse.SUPPRESS, **settings)


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be a whole number, got {text!r}") from error


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be a number, got {text!r}") from error


def _sides(text: str) -> dict[str, int]:
    """Return the pixels of each side named in "left=64,top=32"."""
    sides: dict[str, int] = {}
    for part in text.split(","):
        name, _, pixels = (word.strip() for word in part.partition("="))
        if name not in SIDES or not pixels.isascii() or not pixels.isdigit() or name in sides:
            raise InvalidRequest(
                f"--extend cannot read {part!r}: write each side once, in pixels, as in left=64,top=32 "
                f"(the sides are {', '.join(SIDES)})"
            )
        sides[name] = int(pixels)
    return sides
