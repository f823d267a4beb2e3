"""The form: what it makes of its values, what it shows of a request, what it refuses."""

from typing import Any

import pytest
from fake_engine import MakePage

from runtime.errors import InvalidRequest
from runtime.request import MAX_SEED
from ui.page.form import GenerationForm
from ui.page.form_choices import schedule_choices
from ui.page.page import Page
from ui.page.prompt_fields import token_line
from ui.page.text import Language
from ui.task_choice import TASKS

FIELDS: dict[str, Any] = {
    "prompt": 'a "red" house <script>alert(1)</script>',
    "negative_prompt": "fog & rain",
    "sampler": "DPM++ 2M",
    "schedule": "Karras",
    "num_inference_steps": 12,
    "guidance_scale": 4.5,
    "width": 192,
    "height": 128,
    "count": 3,
    "seed": MAX_SEED - 2,
}


def _form(page: Page, task: str = "text-to-image", **changes: Any) -> GenerationForm:
    form = GenerationForm(page, task, task, **changes)
    form.prompts()
    form.settings()
    return form


def _values(form: GenerationForm, updates: dict[Any, Any] | None = None) -> list[Any]:
    """What the components hold after updates."""
    updates = updates or {}
    values = []
    for component in form.components:
        update = updates.get(component, {})
        update = update if isinstance(update, dict) else {"value": update}
        values.append(update.get("value", component.value))
    return values


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_a_form_receives_is_what_it_asks_for(make_page: MakePage, language: Language) -> None:
    form = _form(make_page(language))
    updates = form.receive(FIELDS, "demo-scenes|cpu")
    answer = form.answer(_values(form, updates))
    assert (answer.model, answer.device, answer.fields) == ("demo-scenes", "cpu", FIELDS)


def test_an_untouched_form_leaves_everything_to_the_model(make_page: MakePage) -> None:
    form = _form(make_page())
    assert form.fields(_values(form)) == {
        "prompt": "",
        "negative_prompt": "",
        "num_inference_steps": 25,
        "guidance_scale": 7.5,
        "width": 128,
        "height": 128,
        "count": 1,
        "seed": -1,
    }


@pytest.mark.parametrize("task", TASKS)
def test_a_form_asks_only_for_fields_that_its_task_has(make_page: MakePage, task: str) -> None:
    form = _form(make_page(), task)
    assert set(form.fields(_values(form))) <= TASKS[task].fields


def test_the_size_is_left_to_the_picture_where_there_is_one(make_page: MakePage) -> None:
    form = _form(make_page(), "image-to-image", size="picture")
    fields = form.fields(_values(form))
    assert not {"width", "height"} & set(fields)
    assert "width" in form.fields(_values(form, form.receive({"width": 256, "height": 128})))


@pytest.mark.parametrize("seed", [0, 2**32 + 1, MAX_SEED - 1])
def test_seeds_stay_exact(make_page: MakePage, seed: int) -> None:
    form = _form(make_page())
    component = form.by_name["seed"]
    assert component.preprocess(component.postprocess(seed)) == seed
    assert form.fields(_values(form, form.receive({"seed": seed})))["seed"] == seed


def test_a_sampler_with_its_schedule_in_one_name_is_taken_apart(make_page: MakePage) -> None:
    form = _form(make_page())
    fields = form.fields(_values(form, form.receive({"sampler": "DPM++ 2M Karras"})))
    assert (fields["sampler"], fields["schedule"]) == ("DPM++ 2M", "Karras")


def test_a_sampler_of_another_program_leaves_the_models_own(make_page: MakePage) -> None:
    form = _form(make_page())
    fields = form.fields(_values(form, form.receive({"sampler": "Restart", "schedule": "Turbo"})))
    assert not {"sampler", "schedule"} & set(fields)


def test_a_size_that_a_preset_has_is_shown_as_that_preset(make_page: MakePage) -> None:
    form = _form(make_page())
    preset = form.by_name["preset"]
    assert form.receive({"width": 128, "height": 128})[preset]["value"] == "own"
    assert form.receive({"width": 104, "height": 160})[preset]["value"] == "2:3"
    assert form.receive({"width": 104, "height": 104})[preset]["value"] == "custom"


def test_a_model_that_cannot_do_the_task_leaves_the_chosen_one(make_page: MakePage) -> None:
    form = _form(make_page())
    assert form.by_name["model"] not in form.receive({}, "demo-depth|cpu")
    assert form.receive({}, "demo-scenes")[form.by_name["model"]]["value"] == "demo-scenes|cpu+igpu"


def test_more_steps_than_the_slider_shows_are_kept(make_page: MakePage) -> None:
    form = _form(make_page())
    update = form.receive({"num_inference_steps": 400})[form.by_name["num_inference_steps"]]
    assert (update["value"], update["maximum"]) == (400, 400)


def test_only_schedules_that_the_sampler_has_are_offered(make_page: MakePage) -> None:
    page = make_page()
    assert [value for _, value in schedule_choices(page, "demo-scenes", "DDIM")] == ["own", "Trailing"]
    assert "Karras" in [value for _, value in schedule_choices(page, "demo-scenes", "Euler a")]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 130}, "Width must be a multiple of 8, not 130: try 128 or 136."),
        ({"height": 32}, "Height must be from 64 to 4096, not 32."),
        ({"count": 0}, "Pictures must be from 1 to 100, not 0."),
        ({"seed": MAX_SEED}, f"Seed must be from -1 to {MAX_SEED - 1}, not {MAX_SEED}."),
        ({"count": 2.5}, "Pictures must be a whole number, not 2.5."),
        ({"width": 511.6}, "Width must be a whole number, not 511.6."),
        ({"seed": None}, "Seed: please enter a number."),
        ({"prompt": "house " * 3001}, "the prompt has 3001 tokens and at most 3000 are read: shorten it"),
        ({"clip_skip": 13}, "Clip skip must be from 1 to 12, not 13."),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_sentence(
    make_page: MakePage, changes: dict[str, Any], message: str
) -> None:
    form = _form(make_page())
    values = dict(zip(form.names, _values(form), strict=True)) | changes
    with pytest.raises(InvalidRequest) as refused:
        form.answer([values[name] for name in form.names])
    assert str(refused.value) == message


def test_the_refusal_speaks_the_language_of_the_page(make_page: MakePage) -> None:
    form = _form(make_page("zh"))
    values = dict(zip(form.names, _values(form), strict=True)) | {"width": 130}
    with pytest.raises(InvalidRequest, match="宽度必须是 8 的倍数，而不是 130：可以改为 128 或 136。"):
        form.answer([values[name] for name in form.names])


def test_tokens_are_counted_by_the_models_own_tokenizer(make_page: MakePage) -> None:
    page = make_page()
    assert "0 / 75 tokens" in token_line(page, "demo-scenes", None)
    assert "3 / 75 tokens" in token_line(page, "demo-scenes", "a red house")
    long = token_line(page, "demo-scenes", "house, " + "house " * 80)
    assert "82 / 150 tokens" in long
    assert "read in 2 parts · part 1 ends with “house house house house”" in long
    assert 'data-over="true"' not in long
    refused = token_line(page, "demo-scenes", "a [red:blue:0.5] house")
    assert 'data-over="true"' in refused
    assert "changes from step to step at &#x27;[red:blue:0.5]&#x27;" in refused
    assert token_line(page, "demo-butterflies", "text") == ""
    assert token_line(page, "gone", "text") == ""


def test_another_model_brings_its_own_size_unless_another_was_chosen(make_page: MakePage) -> None:
    form = _form(make_page())
    model = form.by_name["model"].value
    own = form._follow_model(model, "own", "own", "own", 512, 512)
    assert own[-2:] == [128, 128]
    kept = form._follow_model(model, "own", "own", "custom", 512, 256)
    assert kept[-2:] == [512, 256]
