"""The options of ControlNets: each `--control` begins a net, and those after it are that net's."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runtime.control import KINDS
from runtime.errors import InvalidRequest

FLAG = "--control"
NAME = "controls"  # the field of a request that they fill


def add_control_options(parser: argparse.ArgumentParser) -> None:
    """Declare them; nothing of them is in the options unless it is given."""
    group = parser.add_argument_group(
        "ControlNets", f"at most two; the options after a {FLAG} are that net's"
    )
    kinds = f"what is made of the picture: {', '.join(KINDS)} (none)"
    _add(group, FLAG, "net", str, metavar="NAME|DIR", help="a ControlNet that optimize made")
    _add(group, f"{FLAG}-image", "image", str, metavar="FILE", help="the picture it goes by")
    _add(group, f"{FLAG}-kind", "kind", str, metavar="KIND", help=kinds)
    _add(group, f"{FLAG}-weight", "weight", float, metavar="W", help="how much it counts, 0 to 2 (1)")
    _add(group, f"{FLAG}-start", "start", float, metavar="S", help="share of the steps it begins at (0)")
    _add(group, f"{FLAG}-end", "end", float, metavar="E", help="share of the steps it ends at (1)")
    _add(group, f"{FLAG}-low", "low", int, metavar="N", help="canny: lower threshold (100); or of scribble")
    _add(group, f"{FLAG}-high", "high", int, metavar="N", help="canny: upper threshold (200)")


class _Collect(argparse.Action):
    """Puts a value with the net that it belongs to."""

    field: str = ""
    convert: Callable[[str], Any] = str

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        given: list[dict[str, Any]] = getattr(namespace, NAME, [])
        if self.field == "net":
            setattr(namespace, NAME, [*given, {"net": values}])
            return
        if not given:
            raise InvalidRequest(
                f"{option_string} comes before any {FLAG}: name the ControlNet first, as in {FLAG} NAME "
                f"{option_string} {values}"
            )
        if self.field in given[-1]:
            raise InvalidRequest(
                f"{option_string} is given twice for the ControlNet {given[-1]['net']}: keep one, or begin "
                f"another net with {FLAG}"
            )
        given[-1][self.field] = _converted(self.convert, str(values), str(option_string))


def require_pictures(controls: Sequence[Mapping[str, Any]]) -> None:
    """Raise InvalidRequest for a net without a picture."""
    for control in controls:
        if "image" not in control:
            raise InvalidRequest(
                f"the ControlNet {control.get('net')} has no picture to go by: give {FLAG}-image FILE "
                "after it"
            )


def _add(group: Any, flag: str, field: str, convert: Callable[[str], Any], **settings: Any) -> None:
    kind = type(f"Collect_{field}", (_Collect,), {"field": field, "convert": staticmethod(convert)})
    group.add_argument(flag, action=kind, dest=NAME, default=argparse.SUPPRESS, **settings)


def _converted(convert: Callable[[str], Any], text: str, flag: str) -> Any:
    try:
        return convert(text)
    except ValueError as error:
        kind = "a whole number" if convert is int else "a number"
        raise InvalidRequest(f"{flag} must be {kind}, got {text!r}") from error
