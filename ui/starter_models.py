"""Models on the Hub worth beginning with: the list of docs/models.md, and what the page offers first."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Starter:
    """A model; sizes are about, and what was not measured is None."""

    id: str
    family: str
    license: str
    gigabytes: float  # of its download
    is_ready: bool = False  # OpenVINO already: nothing is converted, no PyTorch
    is_quick: bool = False  # takes few steps
    is_int8: bool = False
    variant: str | None = None
    memory_gigabytes: float | None = None  # for a picture of the size it was trained at
    converting_gigabytes: float | None = None


_RAIL, _RAIL_PLUS = "CreativeML Open RAIL-M", "Open RAIL++-M"
STARTERS = (
    Starter(
        id="OpenVINO/LCM_Dreamshaper_v7-fp16-ov",
        family="SD 1.5",
        license="MIT",
        gigabytes=2.1,
        is_ready=True,
        is_quick=True,
        memory_gigabytes=7,
    ),
    Starter(
        id="OpenVINO/LCM_Dreamshaper_v7-int8-ov",
        family="SD 1.5",
        license="MIT",
        gigabytes=1.1,
        is_ready=True,
        is_quick=True,
        is_int8=True,
    ),
    Starter(
        id="OpenVINO/stable-diffusion-v1-5-fp16-ov",
        family="SD 1.5",
        license=_RAIL,
        gigabytes=2.1,
        is_ready=True,
        memory_gigabytes=7,
    ),
    Starter(
        id="OpenVINO/stable-diffusion-v1-5-int8-ov",
        family="SD 1.5",
        license=_RAIL,
        gigabytes=1.1,
        is_ready=True,
        is_int8=True,
    ),
    Starter(
        id="OpenVINO/stable-diffusion-xl-base-1.0-int8-ov",
        family="SDXL",
        license=_RAIL_PLUS,
        gigabytes=3.5,
        is_ready=True,
        is_int8=True,
    ),
    Starter(
        id="stable-diffusion-v1-5/stable-diffusion-v1-5",
        family="SD 1.5",
        license=_RAIL,
        gigabytes=2.1,
        variant="fp16",
        memory_gigabytes=7,
        converting_gigabytes=5.3,
    ),
)


def starter(name: str) -> Starter | None:
    """Return the model of that id, None for one that is not on the list."""
    return next((row for row in STARTERS if row.id == name), None)
