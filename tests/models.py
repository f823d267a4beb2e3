"""The models that tests run on: the bundled demo, its source, and exports of it made once a session."""

import atexit
import os
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from runtime.pipeline import BUNDLED_MODELS

DEMO_MODEL = BUNDLED_MODELS / "demo-scenes"
DEMO_SOURCE = BUNDLED_MODELS.parent / "sources" / "demo-scenes"


@cache
def exported_demo(precision: str) -> Path:
    """Export the demo's source through our own `optimize`, once for the whole session."""
    from optimize import export_model

    made = os.environ.get("LAPDRAW_TEST_EXPORTS")
    if made:
        return Path(made) / precision
    folder = Path(mkdtemp(prefix="lapdraw-exports-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    export_model(DEMO_SOURCE, folder / precision, precision=precision)
    return folder / precision
