"""What an optimization will take: against conversions that were measured, and against what is free here."""

import math
import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from bootstrap import setup
from runtime.checkpoint import open_checkpoint
from runtime.export_needs import (
    ExportNeeds,
    export_disk_bytes,
    export_needs,
    export_seconds,
    needs_of_numbers,
    source_numbers,
)
from runtime.model_folder import ModelFolder
from runtime.places import BUNDLED_SOURCES
from tests.safetensors_files import checkpoint_shapes, header_of, write_header
from ui import installed, optimize_forecast
from ui.optimize_forecast import checkpoint_needs, folder_needs, forecast

SD15 = {
    "text_encoder": 123_060_480,
    "unet": 859_520_964,
    "vae_decoder": 83_653_863,
    "vae_encoder": 83_653_863,
}
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def demo() -> ModelFolder:
    return ModelFolder(BUNDLED_SOURCES / "demo-scenes")


def test_the_weights_of_the_demo_are_counted_with_each_half_of_its_vae(demo: ModelFolder) -> None:
    numbers = source_numbers(demo)
    assert sorted(numbers) == ["text_encoder", "unet", "vae_decoder", "vae_encoder"]
    assert numbers["vae_decoder"] == numbers["vae_encoder"]
    stored = (demo.path / "unet" / "diffusion_pytorch_model.safetensors").stat().st_size
    assert numbers["unet"] == pytest.approx(stored / 2, rel=0.02)  # fp16, and a header


def test_the_demo_takes_what_was_measured(demo: ModelFolder) -> None:
    """Measured on two cores: 1.50 GB of memory, 32 s beside other work, a folder of 22 MB."""
    needs = export_needs(demo, "fp16")
    assert needs.memory_bytes == pytest.approx(1.50e9, rel=0.15)
    assert 15 < needs.seconds < 60
    assert 22e6 < needs.model_bytes < 40e6
    assert needs.disk_bytes == export_disk_bytes(source_numbers(demo), "fp16")


def test_a_full_size_model_takes_what_was_measured(
    monkeypatch: pytest.MonkeyPatch, demo: ModelFolder
) -> None:
    """SD 1.5 on two cores: 5.26 GB in all; 242 s of work; 2.13 GB on disk."""
    monkeypatch.setattr("runtime.export_needs.source_numbers", lambda source: SD15)
    needs = export_needs(demo, "fp16")
    assert 5.2e9 <= needs.memory_bytes <= 5.6e9
    assert 180 < needs.seconds < 345
    assert 2.13e9 < needs.model_bytes < 2.4e9
    assert needs.disk_bytes > 4 * sum(SD15.values()) + 2 * SD15["unet"]
    assert export_needs(demo, "fp32").model_bytes == pytest.approx(2 * needs.model_bytes, rel=0.01)
    assert export_needs(demo, "fp32").disk_bytes < needs.disk_bytes


def test_earlier_optimizations_say_how_fast_this_machine_is(demo: ModelFolder, tmp_path: Path) -> None:
    alone = forecast(demo, "fp16", tmp_path)
    assert not alone.is_measured_here
    assert alone.seconds == alone.needs.seconds
    slow = [(10**9, 3 * export_seconds(10**9)), (10**7, 3 * export_seconds(10**7)), (10**8, 1.0)]
    here = forecast(demo, "fp16", tmp_path, earlier=slow)
    assert here.is_measured_here
    assert here.seconds == pytest.approx(3 * alone.seconds)


@pytest.mark.parametrize(
    ("disk", "memory", "lacks"),
    [(10**12, 10**12, (False, False)), (1000, None, (True, False)), (10**12, 10**8, (False, True))],
)
def test_what_does_not_fit_is_seen(
    demo: ModelFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    disk: int,
    memory: int | None,
    lacks: tuple[bool, bool],
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(disk, 0, disk))
    monkeypatch.setattr(optimize_forecast, "available_bytes", lambda: memory)
    expected = forecast(demo, "fp16", tmp_path / "not" / "there" / "yet")
    assert (expected.lacks_disk, expected.lacks_memory) == lacks


def test_what_is_installed_first_counts_on_the_same_disk(
    demo: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on(device: int, installing: int) -> Any:
        monkeypatch.setattr(optimize_forecast, "install_bytes", lambda *a, **k: (installing, installing // 2))
        monkeypatch.setattr(optimize_forecast, "CHECKOUT", tmp_path if device else Path("/proc"))
        return forecast(demo, "fp16", tmp_path)

    plain = on(1, 0)
    assert on(1, 10**9).disk_needed == plain.disk_needed + 1.5 * 10**9
    assert on(0, 10**9).disk_needed == plain.disk_needed
    assert on(0, 10**9).install_bytes == 10**9


# What is installed


def test_sizes_are_those_that_the_setup_says() -> None:
    ours = {name: setup.SIZES[name] for name in installed._MEGABYTES}
    assert ours == installed._MEGABYTES
    assert installed._CUDA_MEGABYTES == setup.CUDA_SIZES
    assert installed.CPU_INDEX == setup.CPU_INDEX
    for part, modules in installed._MODULES.items():
        assert {name.split(".")[0] for name in setup.IMPORTS[part]} == set(modules)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if neither PyTorch nor a peer were installed."""
    missing = {name for modules in installed._MODULES.values() for name in modules}
    find_spec = installed.importlib.util.find_spec
    monkeypatch.setattr(
        installed.importlib.util, "find_spec", lambda name: None if name in missing else find_spec(name)
    )
    monkeypatch.setattr(installed.sys, "platform", "linux")


@pytest.mark.usefixtures("bare")
def test_what_is_missing_is_told_with_its_size(tmp_path: Path) -> None:
    assert installed.missing_parts("benchmark", tmp_path) == ("optimize", "benchmark")
    assert installed.install_bytes("optimize", cpu_pytorch=True, checkout=tmp_path) == (1700e6, 620e6)
    assert installed.install_bytes("optimize", cpu_pytorch=False, checkout=tmp_path) == (5800e6, 3070e6)
    assert installed.brings_cuda("benchmark", tmp_path)


@pytest.mark.usefixtures("bare")
def test_an_environment_that_launch_made_and_an_index_it_remembers_count(tmp_path: Path) -> None:
    (tmp_path / ".venv-setup").mkdir()
    (tmp_path / ".venv-setup" / "torch-index").write_text(installed.CPU_INDEX + "\n")
    assert not installed.brings_cuda("optimize", tmp_path)
    (tmp_path / ".venv" / "lapdraw").mkdir(parents=True)
    (tmp_path / ".venv" / "lapdraw" / "optimize.txt").write_text("")
    assert installed.missing_parts("optimize", tmp_path) == ()
    assert installed.missing_parts("benchmark", tmp_path) == ("benchmark",)


def test_an_interrupted_setup_matters_only_to_those_who_run_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".venv-setup").mkdir()
    (tmp_path / ".venv-setup" / "unfinished").write_text("")
    assert not installed.is_setup_unfinished(tmp_path)
    monkeypatch.setattr(installed.sys, "prefix", str(tmp_path / ".venv"))
    assert installed.is_setup_unfinished(tmp_path)
    (tmp_path / ".venv-setup" / "unfinished").unlink()
    assert not installed.is_setup_unfinished(tmp_path)


def test_needs_are_whole_numbers_of_bytes(demo: ModelFolder) -> None:
    needs = export_needs(demo, "fp16")
    assert isinstance(needs, ExportNeeds)
    assert all(isinstance(n, int) for n in (needs.disk_bytes, needs.model_bytes, needs.memory_bytes))


def test_a_single_file_takes_what_the_folder_of_the_same_weights_takes(tmp_path: Path) -> None:
    """By its header alone; with another VAE, that one's weights are counted."""
    shapes = checkpoint_shapes(768) | {"model.diffusion_model.more": (1_000_000,)}
    file = write_header(tmp_path / "x.safetensors", header_of(shapes))
    counted = checkpoint_needs(open_checkpoint(file), "fp16")
    unet = sum(
        math.prod(shape) for name, shape in shapes.items() if name.startswith("model.diffusion_model.")
    )
    vae = math.prod(shapes["first_stage_model.decoder.conv_in.weight"])
    assert counted == needs_of_numbers(
        {"unet": unet, "text_encoder": 8, "vae_decoder": vae, "vae_encoder": vae}, "fp16"
    )
    larger = write_header(
        tmp_path / "vae.safetensors", header_of({"decoder.mid.block_1.conv1.weight": (500, 4, 3, 3)})
    )
    other = checkpoint_needs(open_checkpoint(file), "fp16", larger)
    assert other.numbers - counted.numbers == 2 * (500 * 4 * 9 - vae)
    int8 = checkpoint_needs(open_checkpoint(file), "int8")
    assert int8.memory_bytes > counted.memory_bytes or int8.seconds > counted.seconds


def test_another_vae_of_a_folder_is_counted_in_place_of_its_own(demo: ModelFolder, tmp_path: Path) -> None:
    own = source_numbers(demo)["vae_decoder"]
    file = write_header(
        tmp_path / "vae.safetensors", header_of({"decoder.mid.block_1.conv1.weight": (500, 4, 3, 3)})
    )
    changed = folder_needs(demo, "fp16", file).numbers
    assert changed == folder_needs(demo, "fp16").numbers + 2 * (500 * 4 * 9 - own)
    for folder in (demo.path, demo.path / "vae"):
        assert folder_needs(demo, "fp16", folder) == export_needs(demo, "fp16")
