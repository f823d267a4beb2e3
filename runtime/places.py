"""Where things lie: the checkout, the bundled models and sources, the data folder."""

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
BUNDLED_MODELS = CHECKOUT / "demo" / "models"
BUNDLED_CONTROLNETS = CHECKOUT / "demo" / "controlnets"
BUNDLED_SOURCES = CHECKOUT / "demo" / "sources"


def data_folder(chosen: str | Path | None = None) -> Path:
    """Return where models, outputs and the cache live: the argument, LAPDRAW_DATA, or the checkout."""
    return Path(chosen or os.environ.get("LAPDRAW_DATA") or CHECKOUT).expanduser()
