"""Installed models, benchmarks, devices and settings, as their tabs show them."""

import json
from pathlib import Path

import pytest
from fake_engine import CPU, FakeEngine, MakePage
from models_driver import EVIL, driver, handler

from tests.runtime.model_folders import write_ir
from ui.jobs import JobSpec
from ui.page.tabs.benchmark import frame_html
from ui.settings import Settings, SettingsFile


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no-hub"))


# Installed models


def test_delete_asks_first_and_names_the_model(make_page: MakePage, tmp_path: Path) -> None:
    write_ir(tmp_path / "models" / "mine")
    tab = driver(make_page, "optimize")
    tab.set({"model": "mine"})
    doomed, ask, question, yes, _, source = tab.press("delete")
    assert not source["visible"]
    assert (doomed, ask["visible"], yes["value"]) == ("mine", True, "Delete mine")
    assert "Delete mine for good?" in question
    assert (tmp_path / "models" / "mine").is_dir()
    remove = handler(tab, "delete-yes")
    assert "mine was deleted" in remove("mine")[2]
    assert not (tmp_path / "models" / "mine").exists()
    assert remove("")[1]["visible"] is False


def test_a_bundled_model_is_refused_when_delete_is_pressed(make_page: MakePage) -> None:
    tab = driver(make_page, "optimize")
    tab.set({"model": "demo-depth"})
    doomed, ask, _, _, said, _ = tab.press("delete")
    assert (doomed, ask["visible"]) == ("", False)
    assert "demo-depth comes with the program" in said
    assert "comes with the program" in handler(tab, "delete-yes")("demo-depth")[2]


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_model_that_a_job_needs_is_refused(
    make_page: MakePage, engine: FakeEngine, tmp_path: Path, state: str
) -> None:
    write_ir(tmp_path / "models" / "mine")
    tab = driver(make_page, "optimize")
    job = engine.submit(JobSpec(kind="pictures", title="", body={"task": "text-to-image", "model": "mine"}))
    engine.tell(job.id, state=state)
    assert "mine is needed by a job" in handler(tab, "delete-yes")("mine")[2]
    assert (tmp_path / "models" / "mine").is_dir()
    engine.tell(job.id, state="done")
    assert "was deleted" in handler(tab, "delete-yes")("mine")[2]


def test_verify_takes_names_only(make_page: MakePage, tmp_path: Path) -> None:
    tab = driver(make_page, "optimize")
    verify = handler(tab, "verify")
    assert "every file is as it was written" in list(verify("demo-scenes"))[-1]
    write_ir(tmp_path / "models" / "mine")
    assert "nothing to compare" in list(verify("mine"))[-1]
    assert "there is no model" in list(verify(str(tmp_path / "models" / "mine")))[-1]


def test_the_list_says_what_ails_a_damaged_model(make_page: MakePage, tmp_path: Path) -> None:
    write_ir(tmp_path / "models" / "hurt")
    (tmp_path / "models" / "hurt" / "unet" / "openvino_model.bin").unlink()
    shown = driver(make_page, "optimize")._find("models").value
    assert "cannot be used" in shown
    assert "openvino_model.bin is missing" in shown


# Benchmark


def test_the_benchmark_measures_a_model_on_a_device_of_openvino(make_page: MakePage) -> None:
    tab = driver(make_page, "benchmark")
    offered = [value for _, value in tab._find("model").choices]
    assert "demo-scenes|cpu" in offered
    assert not [value for value in offered if "pytorch" in value]
    tab.set({"model": "demo-scenes|igpu"})
    assert tab.ask("start")[0].body == {"quick": True, "model": "demo-scenes", "device": "igpu"}
    tab.set({"peers": True})
    assert tab.ask("start")[0].body["peers"] == "pytorch,optimum,genai"


def test_reports_are_found_and_shown_where_no_script_runs(make_page: MakePage, tmp_path: Path) -> None:
    place = tmp_path / "outputs" / "benchmarks"
    for number, name in enumerate(("one", "two", "damaged", "without-report")):
        (place / name).mkdir(parents=True)
        request = {"width": 128, "height": 128, "num_inference_steps": 4}
        record = {
            "created": f"2026-11-2{number}T10:00:00Z",
            "isa": "avx2",
            "model": {"name": "m"},
            "request": request,
        }
        (place / name / "record.json").write_text("{" if name == "damaged" else json.dumps(record))
        if name != "without-report":
            (place / name / "report.html").write_text(f"<h1>{name}</h1>{EVIL}")
    tab = driver(make_page, "benchmark")
    choices = tab._find("record").choices
    assert [key for _, key in choices] == ["two", "one"]
    assert choices[0][0] == "2026-11-21 10:00, m, 128x128, 4 steps · laptop class"
    tab.set({"record": "one"})
    frame, save = tab.press("open")
    assert 'sandbox=""' in frame
    assert "<script" not in frame
    assert "&lt;h1&gt;one&lt;/h1&gt;" in frame
    assert save["value"] == str(place / "one" / "report.html")
    for key in ("../one", str(place / "one"), "damaged"):
        tab.set({"record": key})
        assert "cannot be read any more" in tab.press("open")[0]
    assert frame_html(tab.page, '"><b>').count("<b>") == 0


# Devices & settings


def test_every_change_is_kept_and_a_wrong_one_is_refused(make_page: MakePage, tmp_path: Path) -> None:
    tab = driver(make_page, "settings")
    tab.set({"preview-interval": 5.0, "metadata": "none", "theme": "dark", "notify": False})
    for name in ("preview-interval", "metadata", "notify", "theme"):
        said, facts = tab.press(name, "input")
        assert "Saved" in said
    assert 'data-theme="dark"' in facts
    assert SettingsFile(tmp_path).read() == Settings(
        preview_interval=5, metadata="none", theme="dark", notify=False
    )
    tab.set({"preview-interval": 1.5})
    assert "must be a whole number" in tab.press("preview-interval", "input")[0]
    assert SettingsFile(tmp_path).read().preview_interval == 5


def test_a_window_that_was_opened_before_undoes_no_choice_of_another(
    make_page: MakePage, tmp_path: Path
) -> None:
    tab = driver(make_page, "settings")
    SettingsFile(tmp_path).write(Settings(metadata="none"))
    tab.set({"metadata": "full", "theme": "dark"})
    tab.press("theme", "input")
    assert SettingsFile(tmp_path).read() == Settings(metadata="none", theme="dark")


def test_devices_and_the_report_tell_of_the_machine_and_not_of_the_person(
    make_page: MakePage, tmp_path: Path, engine: FakeEngine
) -> None:
    tab = driver(make_page, "settings")
    shown = tab._find("devices").value
    assert "A test GPU" in shown
    assert "“auto” takes cpu+igpu here." in shown
    engine.submit(JobSpec(kind="pictures", title="a secret prompt", body={"fields": {"prompt": "secret"}}))
    report = handler(tab, "copy")()
    assert "device igpu: A test GPU, integrated GPU" in report
    assert "openvino: " in report
    assert "secret" not in report
    for private in (str(tmp_path), str(Path.home()), str(Path.cwd()), Path.home().name):
        assert private not in report


def test_a_page_for_others_shows_no_folder_and_opens_none(
    make_page: MakePage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr("ui.page.tabs.settings.show_in_file_manager", opened.append)
    tab = driver(make_page, "settings", engine=FakeEngine(devices=(CPU,)))
    assert str(tmp_path) in handler(tab, "data-refresh")()
    assert "Opened" in handler(tab, "open-folder")()
    assert opened == [tmp_path]
    tab.page.may_name_folders = False
    assert str(tmp_path) not in handler(tab, "data-refresh")()
    assert handler(tab, "open-folder")() == ""
    assert opened == [tmp_path]
