"""Full-size checkpoints of random weights: equal to the folder they came from, converted offline, in memory.

pytest -m campaign -s tests/optimize/test_full_size_files.py   (26 GB of disk, 16 GB of memory, an hour)
"""

import gc
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.skeleton import write_skeleton
from benchmarks.watch import watch
from optimize.checkpoint_weights import load_module
from optimize.source import open_source
from optimize.source_model import SourceChoices
from runtime.places import CHECKOUT
from tests.optimize.original_layout import CLIP, OPEN_CLIP, XL_CLIP, XL_OPEN_CLIP, write_checkpoint

KINDS: dict[str, dict[str, Any]] = {
    "sd15": {"text": {"text_encoder": CLIP}, "recognised": "Stable Diffusion 1.x", "gigabytes": 6.5},
    "sd21": {
        "text": {"text_encoder": OPEN_CLIP},
        "recognised": "Stable Diffusion 2.x",
        "prediction": "v_prediction",
        "gigabytes": 6.5,
    },
    "sdxl": {
        "text": {"text_encoder": XL_CLIP, "text_encoder_2": XL_OPEN_CLIP},
        "recognised": "Stable Diffusion XL",
        "gigabytes": 14.0,
    },
}
# Any address is unreachable: what is not on this machine cannot be used.
NOWHERE = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")

pytestmark = pytest.mark.campaign


@pytest.fixture(scope="module", params=KINDS)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkpoint, beside the folder that it came from."""
    place = tmp_path_factory.mktemp("full-size")
    folder = write_skeleton(place / request.param, request.param)
    yield write_checkpoint(folder, place / f"{request.param}.safetensors", text=KINDS[request.param]["text"])
    shutil.rmtree(place)


def choices_of(name: str) -> SourceChoices:
    return SourceChoices(prediction_type=KINDS[name].get("prediction"))


def test_every_weight_is_that_of_the_folder(written: Path, tmp_path: Path) -> None:
    import torch
    from safetensors import safe_open

    folder, kind = written.with_suffix(""), KINDS[written.stem]
    model = open_source(written, choices_of(written.stem))
    assert model.notes[0] == f"recognised as {kind['recognised']}"
    settings = model.settings(tmp_path / "settings")
    for row in {row.entry: row for row in model.components}.values():
        module = load_module(row.library, row.class_name, settings / row.entry, model.parts[row.entry])
        state, compared, largest = module.state_dict(), 0, 0.0
        for path in (folder / row.entry).glob("*.safetensors"):
            with safe_open(path, "pt") as file:
                for name in file.keys():  # noqa: SIM118
                    difference = state[name] - file.get_tensor(name).to(torch.float32)
                    largest = max(largest, float(difference.abs().max()))
                    compared += 1
        print(f"{written.stem} {row.entry}: {compared} weights, largest difference {largest}")
        assert compared == len(state)
        assert largest <= 1e-6
        del module, state
        gc.collect()


@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_it_is_converted_offline_within_the_memory(written: Path, tmp_path: Path, precision: str) -> None:
    kind = KINDS[written.stem]
    prediction = ["--prediction-type", kind["prediction"]] if "prediction" in kind else []
    command = [sys.executable, "launch.py", "optimize", str(written), "--precision", precision, *prediction]
    done = watch(
        [*command, "--data-dir", str(tmp_path), "--name", "made"],
        folder=CHECKOUT,
        environment=os.environ | NOWHERE,
        log=tmp_path / "log",
        limit_seconds=3600,
    )
    log = (tmp_path / "log").read_text("utf-8", "replace")
    assert done.status == 0, log[-2000:]
    manifest = json.loads((tmp_path / "models" / "made" / "manifest.json").read_bytes())
    shutil.rmtree(tmp_path / "models")
    errors = {name: found["fp32"] for name, found in manifest["errors"].items()}
    print(f"{written.stem} {precision}: {done.seconds:.0f} s, peak {done.peak_bytes / 1e9:.2f} GB, {errors}")
    assert done.peak_bytes < kind["gigabytes"] * 1e9
