"""Where things lie: the checkout, the bundled models and sources, the data folder."""

import os
from collections.abc import Mapping
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
BUNDLED_MODELS = CHECKOUT / "demo" / "models"
BUNDLED_CONTROLNETS = CHECKOUT / "demo" / "controlnets"
BUNDLED_SOURCES = CHECKOUT / "demo" / "sources"

PLACES_VARIABLE = "LAPDRAW_CHECKPOINTS"  # folders, separated as in PATH
_PROGRAMS = (
    "stable-diffusion-webui",
    "stable-diffusion-webui-forge",
    "stable-diffusion-webui-reForge",
    "sd.webui/webui",
    "automatic",
    "ComfyUI",
    "ComfyUI_windows_portable/ComfyUI",
)


def data_folder(chosen: str | Path | None = None) -> Path:
    """Return where models, outputs and the cache live: the argument, LAPDRAW_DATA, or the checkout."""
    return Path(chosen or os.environ.get("LAPDRAW_DATA") or CHECKOUT).expanduser()


def usual_places(environment: Mapping[str, str] | None = None, home: Path | None = None) -> list[Path]:
    """Return where A1111 and its kin lie: as LAPDRAW_CHECKPOINTS says, else beside the checkout, at home."""
    named = (os.environ if environment is None else environment).get(PLACES_VARIABLE, "")
    if named:
        return [Path(name).expanduser() for name in named.split(os.pathsep) if name]
    parents = (CHECKOUT.parent, Path.home() if home is None else home)
    return [parent / program for parent in parents for program in _PROGRAMS if (parent / program).is_dir()]
