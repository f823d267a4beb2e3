"""Ctrl-C in the middle of work of several pieces, tiles or requests."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from runtime.pipeline import CHECKOUT

PIECES = ("--extend", "left=600,right=600", "--steps", 10, "--save-steps", 10)
CELLS = ("--grid", "guidance=" + ",".join(map(str, range(40))), "--grid", "seed=1,2,3", "--steps", 10)


@pytest.mark.parametrize(
    ("work", "unfinished"), [(PIECES, "out.png"), (CELLS, "out.png")], ids=["pieces", "cells"]
)
def test_what_is_there_is_whole_and_what_is_unfinished_is_not_there(
    work: tuple[str | int, ...], unfinished: str, house: Path, tmp_path: Path, shared_data: Path
) -> None:
    place = tmp_path / "made" / "out.png"
    picture = ("--image", house, "--model", "demo-scenes", "--data-dir", shared_data, "-o", place)
    process = subprocess.Popen(
        [sys.executable, "-m", "ui.cli", "generate", "a tree", *map(str, (*work, *picture))],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and len(list(place.parent.glob("out-*.png"))) < 4:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=120)
    assert process.returncode == 130, complaint
    assert "stopping after this step" in complaint
    assert "Traceback" not in complaint
    assert not (place.parent / unfinished).exists()
    made = list(place.parent.iterdir())
    assert 4 <= len(made) < 40
    for path in made:
        assert path.name.startswith("out-")
        with Image.open(path) as image:
            image.load()
            assert image.info["parameters"]
