"""Steps and guidance follow the chosen model until somebody chooses them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.runtime.model_folders import edit, write_ir
from ui.page.form_choices import own_amounts
from ui.page.shelf import Shelf

USUAL = {"num_inference_steps": 25, "guidance_scale": 7.5}
FEW = {"num_inference_steps": 4, "guidance_scale": 1.0}


@pytest.fixture
def page(tmp_path: Path) -> Any:
    write_ir(tmp_path / "models" / "ordinary")
    turbo = write_ir(tmp_path / "models" / "my-turbo")
    edit(turbo / "scheduler" / "scheduler_config.json", timestep_spacing="trailing")
    return SimpleNamespace(shelf=Shelf(tmp_path))


def test_amounts_that_nobody_chose_become_those_of_the_model(page: Any) -> None:
    assert own_amounts(page, "my-turbo", USUAL) == FEW
    assert own_amounts(page, "ordinary", FEW) == USUAL
    assert own_amounts(page, "gone", FEW) == USUAL


def test_chosen_amounts_stay(page: Any) -> None:
    chosen = {"num_inference_steps": 2, "guidance_scale": 1.0}
    assert own_amounts(page, "my-turbo", chosen) == chosen
    assert own_amounts(page, "ordinary", chosen) == chosen


def test_a_form_without_guidance_has_steps_alone(page: Any) -> None:
    assert own_amounts(page, "my-turbo", {"num_inference_steps": 25}) == {"num_inference_steps": 4}
