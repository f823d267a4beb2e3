"""Engines on data folders of their own that share one cache of compiled models."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.ui.jobs.asking import finished, pictures_of
from ui.jobs import JobEngine


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that holds the demo model for pictures of 64x64."""
    data = tmp_path_factory.mktemp("compiled")
    with JobEngine(data) as engine:
        assert finished(engine, engine.submit(pictures_of())).state == "done"
    return data / "cache"


def with_cache(data: Path, compiled: Path) -> Path:
    """Lend it to a data folder; without links the models are compiled anew, which only takes longer."""
    with suppress(OSError):
        (data / "cache").symlink_to(compiled, target_is_directory=True)
    return data


@pytest.fixture
def data(tmp_path: Path, compiled: Path) -> Path:
    """A fresh data folder."""
    return with_cache(tmp_path, compiled)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, compiled: Path) -> Iterator[JobEngine]:
    """An engine that works, which the tests of a file share."""
    with JobEngine(with_cache(tmp_path_factory.mktemp("shared"), compiled)) as opened:
        yield opened


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[JobEngine]:
    """An engine that accepts jobs and does none."""
    with JobEngine(tmp_path, worker=False) as opened:
        yield opened
