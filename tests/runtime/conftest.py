from pathlib import Path

import pytest

from tests.runtime.model_folders import write_ir, write_source


@pytest.fixture
def ir(tmp_path: Path) -> Path:
    return write_ir(tmp_path / "model")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_source(tmp_path / "source")
