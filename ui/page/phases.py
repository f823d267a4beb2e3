"""A phase as a command tells it: by its step, by the share that is done, or bare."""

import re
from dataclasses import dataclass

_COUNTED = re.compile(r"\[(\d+)/(\d+)\] (.*)")
_SHARE = re.compile(r"\[(\d+)%\] (.*)")


@dataclass(frozen=True, kw_only=True)
class Phase:
    """What is going on; `steps` and `share` (per cent) are None where they were not told."""

    text: str
    step: int = 0
    steps: int | None = None
    share: int | None = None

    @property
    def percent(self) -> int | None:
        """How much is done, as far as that was told: a step counts when it has ended."""
        return 100 * (self.step - 1) // self.steps if self.steps else self.share


def read_phase(told: str) -> Phase:
    """Return what a line tells: "[3/14] exporting unet", "[12%] fetching unet", "exporting unet"."""
    if counted := _COUNTED.fullmatch(told):
        return Phase(text=counted[3], step=int(counted[1]), steps=int(counted[2]))
    if share := _SHARE.fullmatch(told):
        return Phase(text=share[2], share=int(share[1]))
    return Phase(text=told.strip())
