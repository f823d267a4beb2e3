"""What takes seconds to make and many tests run on, made once for all processes of a run.

The folder is `LAPDRAW_TEST_EXPORTS`; conftest.py names one for a run and removes it. Tests change copies
of what is in it only.
"""

import os
import warnings
from functools import cache
from pathlib import Path

from runtime.pipeline import BUNDLED_MODELS
from tests.recorded import Recorded, made_once

FOLDER = "LAPDRAW_TEST_EXPORTS"
DEMO_MODEL = BUNDLED_MODELS / "demo-scenes"
DEMO_SOURCE = BUNDLED_MODELS.parent / "sources" / "demo-scenes"


@cache
def skeleton(family: str, dtype: str = "float32", *, taught: bool = True) -> Path:
    """Return the diffusers folder of a family with random weights, `taught` by benchmarks/teaching.py."""
    from benchmarks.skeleton import write_skeleton

    kind = f"{dtype}-{'taught' if taught else 'random'}"
    folder = Path(os.environ[FOLDER], "sources", kind, family)
    made_once(folder, lambda place: write_skeleton(place, family, dtype=dtype, taught=taught))
    return folder


def source(model: str) -> Path:
    """Return the FP32 source of a model: "demo-scenes", or a family of benchmarks/skeleton_families.py."""
    return DEMO_SOURCE if model == "demo-scenes" else skeleton(model)


@cache
def conversion(folder: Path) -> Recorded:
    """Return PyTorch's part of the export of a source, which is done once."""
    return Recorded(Path(os.environ[FOLDER], "converted", *folder.parts[-2:]))


@cache
def exported(model: str, precision: str = "fp32") -> Path:
    """Return the IR of `source(model)`."""
    return export_of(source(model), precision)


@cache
def export_of(folder: Path, precision: str) -> Path:
    """Return the IR of a source, exported by our own `optimize`."""
    from optimize import export_model

    def export(place: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            export_model(folder, place, precision=precision, convert=conversion(folder))

    output = Path(os.environ[FOLDER], f"exported-{precision}", *folder.parts[-2:])
    made_once(output, export)
    return output
