"""The choice of speed in a form: what it asks for, what it shows of a picture, what it says of the cost."""

import json
from typing import Any

import pytest
from fake_engine import MakePage
from test_page_form import _form, _values

from runtime.errors import InvalidRequest
from runtime.speed import PRESETS
from ui.page.text import Language

CHOSEN = {"speed": "fast", "reuse": "1,2,8", "guidance_interval": "0.1-0.6"}


def test_what_it_receives_is_what_it_asks_for(make_page: MakePage) -> None:
    form = _form(make_page())
    updates = form.receive(CHOSEN)
    assert {name: form.fields(_values(form, updates))[name] for name in CHOSEN} == CHOSEN


def test_a_picture_that_says_nothing_of_speed_was_exact(make_page: MakePage) -> None:
    form = _form(make_page())
    for name, value in CHOSEN.items():
        form.by_name[name].value = value
    assert set(CHOSEN) <= set(form.fields(_values(form, form.receive({"seed": 3}))))
    assert not set(CHOSEN) & set(form.fields(_values(form, form.receive({"num_inference_steps": 12}))))


def test_without_a_prompt_there_is_no_guidance_to_leave_out(make_page: MakePage) -> None:
    form = _form(make_page(), "unconditional")
    assert "guidance_interval" not in form.by_name
    fields = form.fields(_values(form, form.receive(CHOSEN)))
    assert (fields["speed"], fields["reuse"]) == ("fast", "1,2,8")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", ["reuse", "guidance_interval"])
def test_what_cannot_be_read_is_refused_in_a_sentence(
    make_page: MakePage, language: Language, name: str
) -> None:
    form = _form(make_page(language))
    with pytest.raises(InvalidRequest, match="often") as refused:
        form.fields(_values(form, form.receive({name: "often"})))
    assert "\n" not in str(refused.value)


def test_the_cost_of_each_preset_stands_beside_it(make_page: MakePage) -> None:
    page = make_page()
    told = _form(page).speed.told
    assert told("demo-scenes", "exact") == "Nothing is left out."
    for name in PRESETS:
        if name != "exact":
            assert "Measured on this model" in told("demo-scenes", name)
            assert told("my-model", name).endswith("benchmark --quality --model my-model")
    folder = page.data / "outputs" / "benchmarks" / "quality"
    folder.mkdir(parents=True)
    row: dict[str, Any] = {"name": "fast", "speed": {"value": 3.14}}
    (folder / "my-model.json").write_text(json.dumps({"pictures": 7, "rows": [row]}), "utf-8")
    assert "3.1 times as fast; quality not measured" in told("my-model", "fast")
    row["psnr"] = {"value": 29.4}
    (folder / "my-model.json").write_text(json.dumps({"pictures": 7, "rows": [row]}), "utf-8")
    assert "3.1 times as fast, 29 dB from exact (7 pictures)" in told("my-model", "fast")
    (folder / "my-model.json").write_text("{", "utf-8")
    assert "Quality not measured" in told("my-model", "fast")
