"""ControlNets as they are asked for: what is refused, when they count, what they are shown."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from runtime import TextToImage, Upscale
from runtime.control import Control, read_controls
from runtime.control_pictures import condition_of
from runtime.control_plan import check_task
from runtime.control_shapes import cuts, residual_count, residual_shapes
from runtime.errors import InvalidRequest

SMALL = Image.new("RGB", (32, 24), "white")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"net": ""}, "control must name a ControlNet, got ''"),
        ({"kind": "openpose"}, "control kind must be one of none, canny, depth, scribble, got 'openpose'"),
        ({"weight": 3}, "control weight must be a number from 0 to 2, got 3"),
        ({"weight": True}, "control weight must be a number from 0 to 2, got True"),
        ({"weight": float("nan")}, "control weight must be a number from 0 to 2, got nan"),
        ({"start": -0.1}, "control start must be a number from 0 to 1, got -0.1"),
        ({"start": 0.5, "end": 0.5}, "control start 0.5 must be below control end 0.5"),
        ({"low": 5}, "control low has no meaning for kind 'none'"),
        ({"kind": "scribble", "high": 5}, "control high has no meaning for kind 'scribble'"),
        ({"kind": "canny", "low": 256}, "control low must be a whole number from 0 to 255, got 256"),
        ({"kind": "canny", "low": 201}, "control low 201 must not be above control high 200"),
        ({"image": None}, "the control lines has no picture"),
        ({"image": "nowhere.png"}, "nowhere.png"),
        ({"image": b"no picture"}, "is no picture of a kind that is read"),
    ],
)
def test_what_is_wrong_is_said(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        Control(**({"net": "lines", "image": SMALL} | fields))
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("lines", "controls must be a list"),
        (7, "controls must be a list"),
        (["lines"], "a control must be an object with net and image, got 'lines'"),
        ([{"net": "lines"}], "a control needs image"),
        ([{"image": SMALL}], "a control needs net"),
        ([{"net": "lines", "image": SMALL, "model": 1}], "a control has no 'model'"),
        ([{"net": "lines", "image": SMALL}] * 3, "3 ControlNets are given, at most 2"),
    ],
)
def test_a_list_that_is_none_is_refused(given: Any, sentence: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        TextToImage(prompt="x", controls=given)
    assert sentence in str(refused.value)


def test_a_request_keeps_its_controls_and_says_them_as_json(tmp_path: Path) -> None:
    SMALL.save(tmp_path / "lines.png")
    request = TextToImage(prompt="x", controls=[{"net": "lines", "image": tmp_path / "lines.png"}])
    told = request.as_dict()["controls"]
    assert told == [
        {
            "net": "lines",
            "image": str(tmp_path / "lines.png"),
            "kind": "none",
            "weight": 1.0,
            "start": 0.0,
            "end": 1.0,
        }
    ]
    assert read_controls(told)[0].as_dict() == told[0]


def test_tasks_that_take_none_say_so() -> None:
    request = Upscale(prompt="x", image=SMALL, controls=[{"net": "lines", "image": SMALL}])
    with pytest.raises(InvalidRequest, match="upscale takes no ControlNet"):
        check_task(request)


def test_start_and_end_are_counted_as_diffusers_does() -> None:
    control = Control(net="lines", image=SMALL, weight=0.5, start=0.25, end=0.75)
    keeps = [1.0 - float(i / 10 < 0.25 or (i + 1) / 10 > 0.75) for i in range(10)]
    assert [control.weight_at(i, 10) for i in range(10)] == [0.5 * keep for keep in keeps]
    assert sum(keeps) == 4


def test_residuals_are_those_of_stable_diffusion_1() -> None:
    config = {"block_out_channels": [320, 640, 1280, 1280], "layers_per_block": 2}
    shapes = residual_shapes(config, 64, 64)
    assert len(shapes) == 13
    assert shapes[0] == shapes[2] == (320, 64, 64)
    assert shapes[3] == (320, 32, 32)
    assert shapes[-2] == shapes[-1] == (1280, 8, 8)
    assert residual_count(config, 64, 64) == cuts(shapes)[-1] + 1280 * 8 * 8
    assert residual_shapes(config, 17, 25)[-1] == (1280, 3, 4)


def _drawing(lines: str, paper: str) -> Image.Image:
    drawing = Image.new("RGB", (64, 48), paper)
    ImageDraw.Draw(drawing).rectangle((16, 12, 40, 36), outline=lines, width=2)
    return drawing


def test_a_scribble_is_white_lines_on_black_whatever_it_was_drawn_with() -> None:
    seen = [
        condition_of(Control(net="n", image=_drawing(*colours), kind="scribble"), (64, 48), (64, 48))
        for colours in (("black", "white"), ("white", "black"), ("navy", "beige"))
    ]
    assert seen[0].shape == (1, 3, 48, 64)
    assert set(np.unique(seen[0])) == {0.0, 1.0}
    assert seen[0][0, 0, 12, 20] == 1
    for other in seen[1:]:
        np.testing.assert_array_equal(seen[0], other)


def test_a_depth_map_fills_all_levels_the_nearest_the_brightest() -> None:
    depth = Image.fromarray(np.linspace(3, 9, 64 * 48, dtype=np.float32).reshape(48, 64))
    seen = condition_of(Control(net="n", image=depth, kind="depth"), (64, 48), (64, 48))
    assert (seen.min(), seen.max()) == (0, 1)
    assert seen[0, 0, -1, -1] == 1
    flat = Image.fromarray(np.full((48, 64), 5, np.float32))
    assert not condition_of(Control(net="n", image=flat, kind="depth"), (64, 48), (64, 48)).any()


def test_outlines_are_drawn_at_the_size_of_the_result_and_padded_to_the_working_size() -> None:
    large = _drawing("black", "white").resize((512, 384))
    seen = condition_of(Control(net="n", image=large, kind="canny"), (60, 44), (64, 48))
    assert seen.shape == (1, 3, 48, 64)
    assert set(np.unique(seen)) == {0.0, 1.0}
    np.testing.assert_array_equal(seen[..., 44:, :], np.repeat(seen[..., 43:44, :], 4, axis=2))


def test_a_prepared_picture_is_taken_as_it_is() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    seen = condition_of(Control(net="n", image=Image.fromarray(pixels)), (64, 48), (64, 48))
    np.testing.assert_array_equal(seen[0], pixels.transpose(2, 0, 1).astype(np.float32) / np.float32(255))
