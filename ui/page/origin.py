"""What a person chose to make a model of, whichever way it was chosen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.export_needs import ExportNeeds


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A source: `body` is the part of the job that names it and what goes with it.

    `needs` tells what a precision takes, and raises LapdrawError for one that cannot be; it is None where
    only the Hub knows.
    """

    name: str  # what the name of the new model begins with
    body: Mapping[str, Any]
    needs: Callable[[str], ExportNeeds] | None
    group: str = "optimize"  # of packages that it takes (ui/installed.py)
    is_as_named: bool = False  # its own name tells the precision already
