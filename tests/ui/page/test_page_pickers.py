"""Models and devices in one drop-down: the labels, and what is offered where."""

import shutil
from pathlib import Path

import pytest
from fake_engine import CPU, IGPU, PYTORCH, FakeEngine, MakePage

from runtime.places import BUNDLED_MODELS
from ui.page.pickers import LANCZOS, ModelPicker, split_choice
from ui.page.sizes import preset_sizes
from ui.task_choice import TASKS

SIDE = TASKS["text-to-image"].kind.side


def _labels(picker: ModelPicker) -> list[str]:
    return [choice.label for choice in picker.choices()]


def test_the_labels_are_those_that_people_know(make_page: MakePage) -> None:
    labels = _labels(ModelPicker(make_page(), "text-to-image", "text-to-image"))
    assert labels[0] == "demo-scenes CPU+iGPU FP16"
    assert {"demo-scenes CPU FP16", "demo-scenes iGPU FP16", "demo-scenes PyTorch CPU FP32"} == set(
        labels[1:]
    )


def test_only_devices_that_are_there_are_offered(make_page: MakePage) -> None:
    picker = ModelPicker(make_page(engine=FakeEngine(devices=(CPU,))), "a", "text-to-image")
    assert _labels(picker) == ["demo-scenes CPU FP16"]


@pytest.mark.parametrize("task", TASKS)
def test_only_models_that_can_do_the_task_are_offered_the_bundled_one_for_it_first(
    make_page: MakePage, task: str
) -> None:
    page = make_page(engine=FakeEngine(devices=(CPU,)))
    choices = ModelPicker(page, "a", task).choices()
    assert choices[0].model == TASKS[task].model
    for choice in choices:
        if choice.model == LANCZOS:
            assert task == "upscale"
            continue
        model = page.shelf.find(choice.model)
        assert model is not None
        assert task in model.folder.tasks


def test_a_model_of_ones_own_comes_first_and_is_there_at_once(make_page: MakePage, tmp_path: Path) -> None:
    page = make_page(engine=FakeEngine(devices=(CPU, IGPU, PYTORCH)))
    picker = ModelPicker(page, "a", "text-to-image")
    chosen = picker.component.value
    assert "demonstration" in picker.hint(chosen)
    shutil.copytree(BUNDLED_MODELS / "demo-scenes", tmp_path / "models" / "v2.1|base")
    (update,) = page.refresh_models(chosen)
    assert update["choices"][0][0] == "v2.1|base CPU+iGPU FP16"
    assert update["value"] == chosen
    assert "demonstration" not in picker.hint(update["choices"][0][1])
    assert split_choice(update["choices"][0][1]) == ("v2.1|base", "cpu+igpu")


def test_what_is_gone_is_replaced_by_what_is_nearest(make_page: MakePage) -> None:
    picker = ModelPicker(make_page(), "a", "text-to-image")
    assert picker.choose("demo-scenes|npu")["value"] == "demo-scenes|cpu+igpu"
    assert picker.choose("gone|cpu")["value"] == "demo-scenes|cpu+igpu"
    assert picker.choose("demo-scenes|cpu")["value"] == "demo-scenes|cpu"


def test_without_any_model_the_hint_says_where_to_add_one(make_page: MakePage) -> None:
    page = make_page()
    picker = ModelPicker(page, "a", "text-to-image")
    assert picker.hint(None) == page.say("common.model_none")


@pytest.mark.parametrize("own", [(128, 128), (512, 512), (768, 768), (512, 768)])
def test_presets_are_near_the_area_of_the_model_in_multiples_of_8(own: tuple[int, int]) -> None:
    sizes = preset_sizes(own, SIDE)
    assert sizes["own"] == own
    for width, height in sizes.values():
        assert width % 8 == height % 8 == 0
        assert min(width, height) >= SIDE.low
        assert 0.8 < width * height / (own[0] * own[1]) < 1.25
    wide, high = sizes["16:9"]
    assert wide > high
    assert sizes["9:16"] == (high, wide)
    assert len(set(sizes.values())) == len(sizes)
