"""What the parts are timed on: the bundled demo model on the CPU, compiled once."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runtime.backends.base import Components, Shape
from runtime.backends.openvino import OpenVinoBackend
from runtime.backends.openvino_devices import list_openvino_devices
from runtime.model_folder import ModelFolder
from runtime.pipeline import BUNDLED_MODELS
from runtime.placement import Placement, resolve_placement
from runtime.timings import Timings

NETWORKS = ("text_encoder", "unet", "vae_decoder")
Open = Callable[..., Components]


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    """Leave the name of the machine out of the file, which is made to be shown."""
    machine_info["node"] = "lapdraw"


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_commit_info(config: pytest.Config, commit_info: dict[str, Any]) -> None:
    """Leave out what the checkout is called."""
    commit_info.update(project="lapdraw", branch="(unknown)")


@pytest.fixture(scope="session")
def model() -> ModelFolder:
    """The bundled demo model."""
    return ModelFolder(BUNDLED_MODELS / "demo-scenes")


@pytest.fixture(scope="session")
def open_networks(model: ModelFolder) -> Iterator[Open]:
    """Return what compiles the networks for one picture of the model's size, guided in a mode or not."""
    backends: list[OpenVinoBackend] = []

    def opened(guidance: str = "batch", *, guided: bool = True) -> Components:
        placed = resolve_placement("cpu", list_openvino_devices())
        backend = OpenVinoBackend(model, Placement(devices=placed.devices, guidance=guidance))
        backends.append(backend)
        shape = Shape(batch=1, height=model.default_height, width=model.default_width, guided=guided)
        components = backend.load(shape, NETWORKS)
        components.wait(Timings())
        return components

    yield opened
    for backend in backends:
        backend.__exit__(None, None, None)


@pytest.fixture(scope="session")
def networks(open_networks: Open) -> Components:
    """The networks, both halves of guidance in a batch."""
    return open_networks()
