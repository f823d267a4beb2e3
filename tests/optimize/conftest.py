"""One tiny model, written from its configuration with a fixed seed, and what it is exported to."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from skeleton import write_skeleton

from optimize import export_model
from optimize.convert import convert
from runtime.model_folder import ModelFolder

# Conversions run in this process: PyTorch is imported once for all tests, not once for each.
Export = Callable[..., ModelFolder]


@pytest.fixture(scope="session")
def export() -> Export:
    def run(source: Path, output: Path, **options: object) -> ModelFolder:
        return export_model(source, output, convert=convert, **options)

    return run


@pytest.fixture(scope="session")
def tiny_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _skeleton(tmp_path_factory, "tiny")


@pytest.fixture(scope="session")
def tiny_v_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _skeleton(tmp_path_factory, "tiny-v", dtype="float32")


@pytest.fixture(scope="session")
def exported(tiny_source: Path, tmp_path_factory: pytest.TempPathFactory, export: Export) -> ModelFolder:
    """The tiny model in fp16. Tests change copies of it only."""
    return export(tiny_source, tmp_path_factory.mktemp("exported") / "tiny", precision="fp16")


@pytest.fixture(scope="session")
def exported_v(tiny_v_source: Path, tmp_path_factory: pytest.TempPathFactory, export: Export) -> ModelFolder:
    """The tiny model that predicts v, from an FP32 source, in fp16."""
    return export(tiny_v_source, tmp_path_factory.mktemp("exported-v") / "tiny-v", precision="fp16")


def _skeleton(tmp_path_factory: pytest.TempPathFactory, family: str, dtype: str = "float16") -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return write_skeleton(tmp_path_factory.mktemp("source") / family, family, dtype=dtype)
