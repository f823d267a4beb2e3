"""Tiny models, written from their configurations with a fixed seed, and what they are exported to."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hub_repos import Run
from hub_server import Hub

from optimize import export_model, int8_recipe, quantize_worker
from optimize.convert import convert
from runtime.model_folder import ModelFolder
from tests.models import conversion, export_of, skeleton
from tests.models import exported as exported_model
from tests.recorded import Recorded

# Conversions run in this process: PyTorch is imported once for all tests, not once for each.
Export = Callable[..., ModelFolder]


@pytest.fixture(scope="session")
def export() -> Export:
    def run(source: Path, output: Path, **options: object) -> ModelFolder:
        return export_model(source, output, convert=convert, **options)

    return run


@pytest.fixture(scope="session")
def recorded(tiny_source: Path) -> Recorded:
    """The conversion of `tiny_source`."""
    return conversion(tiny_source)


@pytest.fixture(scope="session")
def tiny_source() -> Path:
    return skeleton("tiny", "float16", taught=False)


@pytest.fixture(scope="session")
def tiny_v_source() -> Path:
    return skeleton("tiny-v", taught=False)


@pytest.fixture(scope="session")
def exported(tiny_source: Path) -> ModelFolder:
    """The tiny model in fp16. Tests change copies of it only."""
    return ModelFolder(export_of(tiny_source, "fp16"))


@pytest.fixture(scope="session")
def exported_v(tiny_v_source: Path) -> ModelFolder:
    """The tiny model that predicts v, from an FP32 source, in fp16."""
    return ModelFolder(export_of(tiny_v_source, "fp16"))


@pytest.fixture(scope="session")
def family_source() -> Callable[[str], Path]:
    """Return the FP32 source of a family."""
    return skeleton


@pytest.fixture(scope="session")
def family_export() -> Callable[[str], ModelFolder]:
    """Return the FP16 export of a family. Tests change copies of it only."""
    return lambda family: ModelFolder(exported_model(family, "fp16"))


@pytest.fixture(scope="module")
def small_recipe() -> Iterator[None]:
    """What makes a model int8, on a few steps and pictures, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(int8_recipe, "SAMPLES", 6)
        patch.setattr(int8_recipe, "STEPS", 6)
        patch.setattr(int8_recipe, "PICTURES", 1)
        patch.setattr(int8_recipe, "ROUNDS", 1)
        patch.setattr(int8_recipe, "DEMO_PROMPTS", int8_recipe.DEMO_PROMPTS[:2])
        patch.setattr(quantize_worker, "TIMED_SECONDS", 0.1)
        yield


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub on loopback, and nothing of this machine's that would be in its way."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "HF_ENDPOINT", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with Hub().serving() as served:
        yield served


@pytest.fixture
def run(hub: Hub, tmp_path: Path) -> Iterator[Run]:
    """Fetches; whatever a test does, no bad file is accepted and the token is where it belongs."""
    run = Run(hub, tmp_path / "data")
    yield run
    run.check_accepted()
    run.check_token()
