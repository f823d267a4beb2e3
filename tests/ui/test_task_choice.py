"""What is asked for by which options, and every contradiction as one sentence before anything is loaded."""

from pathlib import Path

import pytest
from PIL import Image

from runtime import InvalidRequest
from ui.cli import main
from ui.task_choice import TASKS, ModelChoice, choose_request

SCENES = "demo-scenes can do text-to-image, image-to-image, inpaint, outpaint"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, which is the current one, with a picture and a mask."""
    Image.new("RGB", (96, 72), (90, 140, 60)).save(tmp_path / "p.png")
    white = Image.new("L", (96, 72))
    white.paste(255, (40, 0, 96, 72))
    white.save(tmp_path / "m.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def chosen(given: dict[str, object], model: str | None = "demo-scenes", task: str | None = None) -> str:
    return choose_request(given, task, ModelChoice(asked=model, data=Path("data")))[1].task


def test_the_task_follows_from_what_is_given(work: Path) -> None:
    assert chosen({"prompt": "a"}) == "text-to-image"
    assert chosen({"prompt": "a", "image": "p.png"}) == "image-to-image"
    assert chosen({"image": "p.png", "mask": "m.png"}) == "inpaint"
    assert chosen({"image": "p.png", "left": 8}) == "outpaint"
    assert chosen({"image": "p.png"}, task="image-to-image") == "image-to-image"


def test_every_field_of_every_task_has_an_option() -> None:
    from ui.generate_options import REQUEST_OPTIONS, SIDES

    assert {*REQUEST_OPTIONS, *SIDES} == set().union(*(row.fields for row in TASKS.values()))


def test_a_model_of_the_same_name_in_the_data_folder_is_not_needed(work: Path) -> None:
    """Where the bundled special model is missing, the usual one does what it can."""
    choice = ModelChoice(asked=None, data=work)
    first = choice.first()
    assert first.name == "demo-scenes"
    assert choice.best("text-to-image", first) is first
    with pytest.raises(InvalidRequest, match="there is no task 'paint': choose one of text-to-image, "):
        choose_request({"prompt": "a"}, "paint", choice)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--mask m.png", "inpaint starts from a picture: give --image FILE (demo-scenes can do"),
        ("--extend left=8", "outpaint starts from a picture: give --image FILE"),
        (
            "--image p.png --mask m.png --extend top=8",
            "--extend does not go with inpaint, only with outpaint",
        ),
        ("a --strength 0.5", "--strength does not go with text-to-image, only with image-to-image, inpaint"),
        ("a --noise-level 9", f"--noise-level does not go with text-to-image, only with upscale: {SCENES}"),
        ("--image p.png --noise-level 9", "--noise-level does not go with image-to-image, only with upscale"),
        ("--image p.png --extend top=8 --width 128", "--width does not go with outpaint, only with"),
        ("--image p.png --extend top=8 --strength 1", "--strength does not go with outpaint"),
        ("--task inpaint --image p.png", "inpaint takes a mask, white where to repaint: give --mask FILE"),
        ("a --task upscale", f"demo-scenes cannot do upscale: it can do {SCENES[19:]}"),
        ("a --task depth-to-image", "demo-scenes cannot do depth-to-image: it can do text-to-image"),
        ("--depth p.png", "demo-scenes cannot do depth-to-image"),
        ("a --task unconditional", "demo-scenes cannot do unconditional"),
        ("a --task paint", "there is no task 'paint': choose one of text-to-image, image-to-image, inpaint"),
        ("a --task text-to-image --image p.png", "--image does not go with text-to-image, only with"),
        ("--task text-to-image", "there is no prompt"),
        ("a --invert-mask", "--invert-mask does not go with text-to-image, only with inpaint"),
        ("--image p.png --mask m.png --padding 8", "--padding goes with --only-masked: give both or neither"),
        (
            "--image p.png --mask m.png --mask-blur -1",
            "mask_blur must be a whole number from 0 to",
        ),
        ("--image p.png --strength 0", "strength 0 of 25 steps leaves no step to run"),
        ("--image p.png --strength 1.5", "strength must be a number from 0 to 1, got 1.5"),
        ("--image p.png --resize zoom", "resize must be one of crop, fit, stretch, got 'zoom'"),
        ("--image absent.png", "absent.png does not exist"),
        ("--image p.png --extend left=0", "there is nothing to extend"),
        ("--image p.png --extend up=8", "--extend cannot read 'up=8': write each side once"),
        ("--image p.png --extend left=8,left=9", "--extend cannot read 'left=9'"),
        ("--image p.png --extend left=-8", "--extend cannot read 'left=-8'"),
        ("--image p.png --extend left=9999", "left must be a whole number from 0 to 4096, got 9999"),
        ("a --tile 64", "--tile does not go with text-to-image, only with upscale"),
        ("--variations", "there is no picture to vary: give --image FILE with --variations"),
        (
            "--variations --image p.png --mask m.png",
            "--mask does not go with image-to-image",
        ),
        ("--variations --image p.png --task inpaint", "--variations is image-to-image, not inpaint"),
        ("--variations --image p.png --grid seed=1,2", "both --variations and --grid are given"),
        ("a --save-steps 0", "--save-steps must be a whole number from 1 to 1000, got 0"),
        ("a --grid colour=1,2", "--grid has no axis 'colour': choose one of guidance, seed, steps, sampler"),
        ("a --grid guidance=1,x", "--grid guidance takes numbers, got 'x'"),
        ("a --grid steps=", "--grid steps= lacks a value: write steps= and whole numbers, with commas"),
        ("a --grid seed=1,,2", "--grid seed=1,,2 lacks a value"),
        ("a --grid seed=-1", "--grid seed takes whole numbers from 0, got '-1'"),
        ("a --grid size=64", "--grid size takes sizes such as 192x128, got '64'"),
        ("a --grid seed=1 --grid seed=2", "both axes of the grid are seed: name another one"),
        ("a --grid seed=1 --grid steps=2 --grid guidance=3", "a grid has one or two axes, got 3"),
        ("a --grid seed=1,2 --seed 3", "both --seed and --grid seed are given: leave out one"),
        ("a --grid seed=1,2 --count 2", "a grid has one picture for each combination: leave out --count"),
        ("a --grid guidance=1,99", "guidance_scale must be a number from 0 to 50, got 99.0"),
        ("a --grid strength=0.5,1", "strength does not go with text-to-image"),
        ("a --grid sampler=Euler,Eular", "there is no sampler called 'Eular'"),
        ("--model lanczos", "upscale starts from a picture: give --image FILE"),
        ("--model lanczos --image p.png --steps 3", "--steps does not go with --model lanczos"),
        ("a --model lanczos --image p.png", "PROMPT does not go with --model lanczos"),
        ("--model lanczos --image p.png --save-steps 3", "--save-steps does not go with --model lanczos"),
        ("--model lanczos --image p.png --task inpaint", "lanczos cannot do inpaint: it can do upscale"),
        ("--model lanczos --image absent.png", "absent.png does not exist"),
    ],
)
def test_a_contradiction_is_one_sentence_with_what_can_be_done(
    arguments: str, sentence: str, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = [] if "--model" in arguments else ["--model", "demo-scenes"]
    assert main(["generate", *arguments.split(), *model, "--data-dir", "data", "--device", "cpu"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert sentence in said.err
    assert {path.name for path in work.iterdir()} <= {"p.png", "m.png", "data"}
    assert list(work.glob("data/outputs")) == []


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"image": "p.png", "noise_level": 3}', "line 2: noise_level does not go with image-to-image"),
        ('{"image": 3}', "line 2: image must be text, got 3"),
        ('{"image": "p.png", "mask": "m.png", "invert_mask": "no"}', "invert_mask must be true or false"),
        ('{"prompt": "a", "colour": 1}', "line 2: unknown field 'colour': the fields are batch_size, "),
        ('{"prompt": "a", "task": "paint"}', "line 2: there is no task 'paint'"),
        ('{"prompt": "a"', "line 2: this is not JSON"),
        (
            '{"prompt": "a", "strength": NaN, "image": "p.png"}',
            "strength must be a number from 0 to 1",
        ),
        ('{"image": "p.png", "extend": "left=3"}', "unknown field 'extend'"),
    ],
)
def test_a_bad_line_is_named(
    line: str, sentence: str, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "lines").write_text(f"a tree\n{line}\n")
    status = main(["generate", "--prompts", "lines", "--model", "demo-scenes", "--data-dir", "data"])
    said = capsys.readouterr()
    assert (status, said.out) == (2, "")
    assert sentence in said.err
