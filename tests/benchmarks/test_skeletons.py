"""Skeletons in the cache: built whole or not at all, once, and behaving like a real model."""

import json
import os
import shutil
import warnings
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import skeletons
from benchmarks.skeletons import NAMES, RECIPE, find_or_build
from runtime import TextToImage, open_pipeline
from runtime.errors import ExportError, InvalidRequest
from runtime.model_folder import ModelFolder

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the smallest skeleton in it, built as the full-size ones are."""
    folder = tmp_path_factory.mktemp("skeletons")
    phases: list[str] = []
    assert find_or_build("tiny", folder, phases.append) == folder / "tiny-fp16"
    assert phases[0] == "drawing the weights of tiny"
    assert phases[-1].endswith("writing manifest")
    return folder


@pytest.fixture
def cache(built: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built, tmp_path / "cache")


class Builder:
    """Stands for the processes that build: copies what was built before, and remembers what was asked."""

    def __init__(self, built: Path) -> None:
        self.built = built
        self.asked: list[str] = []
        self.fails_at = ""

    def __call__(self, module: list[str], on_phase: Callable[[str], None]) -> None:
        self.asked.append(module[0])
        if module[0] == "optimize":
            shutil.copytree(self.built / "tiny-fp16", module[3])
        else:
            shutil.copytree(self.built / "tiny-source", module[2])
        if module[0] == self.fails_at:
            raise ExportError("no memory left")


@pytest.fixture
def builder(built: Path, monkeypatch: pytest.MonkeyPatch) -> Builder:
    builder = Builder(built)
    monkeypatch.setattr(skeletons, "_run", builder)
    return builder


def find(cache: Path) -> Path:
    return find_or_build("tiny", cache, lambda phase: None)


def test_the_model_is_whole_and_knows_its_source(built: Path) -> None:
    model = ModelFolder(built / "tiny-fp16")
    model.verify()
    assert (model.precision, model.kind) == ("fp16", "openvino")
    assert model.source_path == (built / "tiny-source").resolve()
    assert sorted(path.name for path in built.iterdir()) == ["tiny-fp16", "tiny-source"]


def test_what_is_whole_is_not_built_again(cache: Path, builder: Builder) -> None:
    assert find(cache) == cache / "tiny-fp16"
    assert builder.asked == []


def _old_recipe(cache: Path) -> None:
    mark = cache / "tiny-source" / "skeleton.json"
    mark.write_text(json.dumps({"family": "tiny", "recipe": RECIPE - 1}))


def _cut_source(cache: Path) -> None:
    weights = next((cache / "tiny-source" / "unet").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1])


def _cut_model(cache: Path) -> None:
    weights = cache / "tiny-fp16" / "unet" / "openvino_model.bin"
    weights.write_bytes(weights.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("damage", "rebuilt"),
    [
        (_old_recipe, ["benchmarks.skeleton", "optimize"]),
        (_cut_source, ["benchmarks.skeleton", "optimize"]),
        (lambda cache: shutil.rmtree(cache / "tiny-source"), ["benchmarks.skeleton", "optimize"]),
        (_cut_model, ["optimize"]),
        (lambda cache: shutil.rmtree(cache / "tiny-fp16"), ["optimize"]),
        (lambda cache: (cache / "tiny-fp16" / "manifest.json").unlink(), ["optimize"]),
    ],
    ids=["recipe", "cut source", "no source", "cut model", "no model", "no manifest"],
)
def test_what_is_not_whole_or_of_another_recipe_is_built_again(
    cache: Path, builder: Builder, damage: Callable[[Path], Any], rebuilt: list[str]
) -> None:
    damage(cache)
    assert find(cache) == cache / "tiny-fp16"
    assert builder.asked == rebuilt
    ModelFolder(cache / "tiny-fp16").verify()
    assert find(cache) == cache / "tiny-fp16"
    assert builder.asked == rebuilt


@pytest.mark.parametrize("process", ["benchmarks.skeleton", "optimize"])
def test_a_failure_leaves_nothing_unfinished(tmp_path: Path, builder: Builder, process: str) -> None:
    builder.fails_at = process
    with pytest.raises(ExportError, match="no memory left"):
        find(tmp_path)
    if process == "benchmarks.skeleton":
        assert list(tmp_path.iterdir()) == []
    builder.fails_at = ""
    shutil.rmtree(tmp_path / "tiny-fp16", ignore_errors=True)  # whose own process would not leave it
    assert find(tmp_path) == tmp_path / "tiny-fp16"


def test_what_a_killed_process_left_is_removed_and_what_a_running_one_makes_is_not(
    tmp_path: Path, builder: Builder
) -> None:
    dead, alive = (tmp_path / f".partial-tiny-source-{pid}-aa" for pid in (2**22 + 1, os.getpid()))
    dead.mkdir()
    alive.mkdir()
    find(tmp_path)
    assert not dead.exists()
    assert alive.exists()


def test_a_process_that_ends_badly_is_told_in_its_last_words(tmp_path: Path) -> None:
    phases: list[str] = []
    with pytest.raises(ExportError, match=r"failed with status 2: there is no folder .*missing"):
        skeletons._run(
            ["optimize", str(tmp_path / "missing"), "--output", str(tmp_path / "out"), "--json"],
            phases.append,
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_is_told_before_anything_is_written(
    tmp_path: Path, builder: Builder, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(2**40, 2**40, 5e9))
    with pytest.raises(InvalidRequest, match=rf"skeleton {name} needs \S+ GB .* 5\.0 GB are free"):
        find_or_build(name, tmp_path, lambda phase: None)
    assert builder.asked == []


def test_an_unknown_name_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="'sd99': choose one of sd15, sd15-lcm, sd21"):
        find_or_build("sd99", tmp_path, lambda phase: None)


def test_its_pictures_can_be_compared(built: Path) -> None:
    """Neither flat nor clipped, and PyTorch makes the same from the source that the manifest names."""
    request = TextToImage(prompt="a house", seed=1, num_inference_steps=8, sampler="DDIM")
    pictures = []
    for device in ("cpu", "pytorch-cpu"):
        with (
            warnings.catch_warnings(),
            open_pipeline(
                built / "tiny-fp16", device=device, execution_precision="f32", cache=False
            ) as pipeline,
        ):
            warnings.simplefilter("ignore")
            image = pipeline.generate(request).result().images[0]
        pictures.append(np.asarray(image).astype(float))
    assert 30 < pictures[0].std() < 80
    assert np.mean((pictures[0] == 0) | (pictures[0] == 255)) < 0.1
    error = np.mean((pictures[0] - pictures[1]) ** 2)
    assert error == 0 or 10 * np.log10(255**2 / error) > 40
