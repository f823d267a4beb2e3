"""`generate` as a real process: pictures, programs that call it, bad input, and what it never loads."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from runtime.pipeline import CHECKOUT
from tests.models import DEMO_MODEL, DEMO_SOURCE
from ui.cli import main

PROMPT = "a red house on green hills under a night sky with a moon"
HEAVY = {"torch", "diffusers", "transformers", "optimum", "gradio", "scipy", "pandas", "openvino_telemetry"}

# Runs the command in this process and reports, on the last line, what it loaded and where it connected to.
WATCHED = """
import json, sys
connected = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        connected.append(str(arguments))
sys.addaudithook(watch)
from ui.cli import entry
status = entry(sys.argv[1:])
roots = sorted({name.split(".")[0] for name in sys.modules})
print(json.dumps({"status": status, "modules": roots, "connected": connected}))
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def run(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ui.cli", *map(str, arguments)],
        cwd=cwd or CHECKOUT,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_a_prompt_becomes_a_picture_that_says_how_it_was_made(tmp_path: Path, data: Path) -> None:
    made = run(
        "generate", PROMPT, "--seed", 1, "--steps", 4, "-o", "house.png", "--data-dir", data, cwd=tmp_path
    )
    assert made.returncode == 0, made.stderr
    assert made.stdout == "house.png\n"
    with Image.open(tmp_path / "house.png") as image:
        assert image.size == (128, 128)
        text = image.info["parameters"]
    assert text.startswith(
        f"{PROMPT}\nSteps: 4, Sampler: DDIM, Schedule type: Automatic, CFG scale: 7.5, Seed: 1,"
    )
    assert "RNG: CPU, Device: cpu, Precision: f32" in text


def test_json_says_everything_a_program_needs(tmp_path: Path, data: Path) -> None:
    folder = tmp_path / "out"
    options = [
        "--seed",
        5,
        "--steps",
        3,
        "--count",
        3,
        "--batch-size",
        2,
        "--guidance-scale",
        1,
        "--sampler",
        "PLMS",
        "--json",
    ]
    made = run(
        "generate", PROMPT, "--negative-prompt", "fog", *options, "-o", f"{folder}/", "--data-dir", data
    )
    assert made.returncode == 0, made.stderr
    answer: dict[str, Any] = json.loads(made.stdout)
    assert answer["task"] == "text-to-image"
    assert [image["seed"] for image in answer["images"]] == [5, 6, 7]
    assert [Path(image["path"]).name for image in answer["images"]] == [
        "00000-5.png",
        "00001-6.png",
        "00002-7.png",
    ]
    assert all(Path(image["path"]).is_file() for image in answer["images"])
    assert answer["request"]["width"] == 128
    assert answer["placement"]["unet"]["device"] == "cpu"
    assert answer["placement"]["unet"]["precision"] == "f32"
    assert len(answer["timings"]["steps"]) == 6
    assert answer["timings"]["unet_calls"] == 8  # PLMS: one more than the steps, in each of two batches
    assert "no effect at guidance_scale 1" in answer["warnings"][0]


def test_the_openvino_path_loads_nothing_heavy_and_connects_nowhere(tmp_path: Path, data: Path) -> None:
    made = subprocess.run(
        [
            sys.executable,
            "-c",
            WATCHED,
            "generate",
            PROMPT,
            "--steps",
            "2",
            "-o",
            str(tmp_path / "a.png"),
            "--data-dir",
            str(data),
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    report = json.loads(made.stdout.splitlines()[-1])
    assert report["status"] == 0
    assert not HEAVY & set(report["modules"])
    assert report["connected"] == []


def test_a_file_of_prompts_and_requests_is_worked_through(tmp_path: Path, data: Path) -> None:
    prompts = tmp_path / "prompts.txt"
    prompts.write_text(
        '# two\na boat on the sea\n\n{"prompt": "a tree", "seed": 9, "num_inference_steps": 2}\n'
    )
    made = run("generate", "--prompts", prompts, "--seed", 3, "--steps", 3, "--json", "--data-dir", data)
    assert made.returncode == 0, made.stderr
    first, second = map(json.loads, made.stdout.splitlines())
    assert (first["request"]["prompt"], first["images"][0]["seed"]) == ("a boat on the sea", 3)
    assert (second["request"]["num_inference_steps"], second["images"][0]["seed"]) == (2, 9)
    assert Path(second["images"][0]["path"]).parent.parent == data / "outputs" / "text-to-image-images"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "there is no prompt"),
        (["a", "--width", "500"], "width must be a multiple of 8, got 500: try 496 or 504"),
        (["a", "--steps", "0"], "num_inference_steps must be a whole number from 1 to 1000, got 0"),
        (["a", "--steps", "many"], "must be a whole number, got 'many'"),
        (["a", "--sampler", "Eular"], "there is no sampler called 'Eular': choose one of"),
        (["a", "--sampler", "DDIM", "--schedule", "Karras"], "DDIM has no schedule Karras"),
        (["a", "--model", "sd15"], "there is no model 'sd15'"),
        (["a", "--device", "igpu"], "device 'igpu' is not available here: choose one of cpu"),
        (["a", "--device", "unet=cpu,vae=cpu"], "cannot read 'vae=cpu' in a placement"),
        (["a", "--model", str(DEMO_SOURCE), "--device", "cpu"], "holds source weights"),
        (["house " * 3001], "the prompt has 3001 tokens and at most 3000 are read: shorten it"),
        (
            ["a", "--negative-prompt", "a [red:blue:0.5] house"],
            "the negative prompt changes from step to step",
        ),
        (
            ["a", "--clip-skip", "4"],
            "clip_skip 4 skips every layer of demo-scenes's text encoder: use 1 to 3",
        ),
        (["a", "-o", "a.jpg"], "pictures are written as PNG"),
        (["a", "--prompts", "b.txt"], "both a prompt and --prompts are given"),
        (["--prompts", "absent.txt"], "cannot read absent.txt"),
        (["a", "--colour", "red"], "unrecognized arguments: --colour red"),
        (["a", "--execution-precision", "f8"], "invalid choice: 'f8'"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["generate", *arguments, "--data-dir", "data"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert sentence in said.err
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_at_the_next_step_and_leaves_whole_pictures(tmp_path: Path, data: Path) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "ui.cli",
            "generate",
            PROMPT,
            "--steps",
            "10",
            "--count",
            "100",
            "--seed",
            "0",
            "-o",
            f"{tmp_path / 'out'}/",
            "--data-dir",
            str(data),
        ],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and len(list(tmp_path.glob("out/[0-9]*.png"))) < 2:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, complaint = process.communicate(timeout=60)
    assert process.returncode == 130, complaint
    assert "stopping after this step" in complaint
    pictures = sorted((tmp_path / "out").iterdir())
    assert 2 <= len(pictures) < 100
    assert output.splitlines() == [str(path) for path in pictures]
    for path in pictures:
        with Image.open(path) as image:
            image.load()
            assert "Seed:" in image.info["parameters"]


def test_a_changed_byte_is_refused_before_anything_is_written(tmp_path: Path, data: Path) -> None:
    """The largest file is changed near its end, where OpenVINO itself would not notice."""
    copy = tmp_path / "model"
    shutil.copytree(DEMO_MODEL, copy)
    weights = copy / "unet" / "openvino_model.bin"
    content = bytearray(weights.read_bytes())
    content[-1000] ^= 1
    weights.write_bytes(content)
    made = run("generate", "a", "--model", copy, "--steps", 2, "-o", tmp_path / "a.png", "--data-dir", data)
    assert made.returncode == 2
    assert str(weights) in made.stderr
    assert "Traceback" not in made.stderr
    assert not (tmp_path / "a.png").exists()


def test_other_commands_answer(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*arguments: str | Path) -> tuple[str, str]:
        main([*map(str, arguments)])
        return capsys.readouterr()

    assert "generate" in run("--help").stdout
    assert "there is no command 'paint'" in run("paint").stderr
    assert json.loads(run("devices", "--json").stdout)[0]["id"] == "cpu"
    rows = json.loads(said("models", "--json", "--data-dir", data)[0])
    assert "demo-scenes" in [row["name"] for row in rows]
    assert {(row["bundled"], row["precision"]) for row in rows} == {(True, "fp16")}
    assert "every file is as it was written" in said("models", "verify", "demo-scenes")[0]
    shown = json.loads(said("models", "show", "demo-scenes", "--json")[0])
    assert set(shown["errors"]) == {"text_encoder", "unet", "vae_decoder", "vae_encoder"}
    assert "comes with the program" in said("models", "remove", "demo-scenes")[1]


def test_an_own_model_can_be_removed(data: Path) -> None:
    shutil.copytree(DEMO_MODEL, data / "models" / "mine")
    assert run("models", "remove", "mine", "--data-dir", data).stdout == "removed mine\n"
    assert list((data / "models").iterdir()) == []
