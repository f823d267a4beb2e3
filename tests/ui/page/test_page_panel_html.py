"""What the panel shows, as HTML: progress, details, errors; no text of a person becomes markup."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from fake_engine import FakeEngine, MakePage
from PIL import Image

from ui.jobs import JobSpec, Progress, Snapshot
from ui.jobs.store import CANCEL
from ui.page.page import Page
from ui.page.panel_html import details_html, error_html, live_html
from ui.settings import Settings

EVIL = """<script>alert("x")</script>'"><img src=x onerror=alert(1)>"""


def _spec(task: str = "text-to-image", **fields: Any) -> JobSpec:
    body = {"task": task, "model": "demo-scenes", "device": "cpu", "fields": {"prompt": "a house", **fields}}
    return JobSpec(kind="pictures", title="a house", body=body)


def _picture(tmp_path: Path, name: str = "1.png") -> Path:
    Image.new("RGB", (8, 8)).save(tmp_path / name)
    return tmp_path / name


def _live(page: Page, engine: FakeEngine, **progress: Any) -> str:
    job = engine.tell(engine.submit(_spec()).id, state="running")
    return live_html(page, Snapshot(job=job, progress=Progress(**progress)))


def test_a_running_job_is_told_in_words_with_a_bar_and_a_preview(
    make_page: MakePage, engine: FakeEngine
) -> None:
    html = _live(
        make_page(),
        engine,
        phase="denoising",
        picture=2,
        pictures=4,
        step=5,
        steps=10,
        eta_seconds=61.2,
        preview=b"\xff\xd8jpeg",
        preview_number=3,
    )
    assert "Drawing · step 5 of 10 · picture 2 of 4 · about 62 s left" in html
    assert 'role="progressbar"' in html
    assert 'aria-valuenow="38"' in html
    assert "data:image/jpeg;base64,/9hqcGVn" in html
    assert 'alt="The picture so far"' in html


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        ({"phase": "compiling"}, "正在编译模型（首次耗时较长）"),
        (
            {"phase": "denoising", "step": 1, "steps": 2, "eta_seconds": 600},
            "正在绘制 · 第 1 / 2 步 · 约剩 10 分钟",
        ),
        ({"phase": "something new"}, "something new"),
    ],
)
def test_phases_are_told_in_the_language_of_the_page(
    make_page: MakePage, engine: FakeEngine, progress: dict[str, Any], words: str
) -> None:
    assert f">{words}</p>" in _live(make_page("zh"), engine, **progress)


def test_a_bar_without_a_known_share_says_no_number(make_page: MakePage, engine: FakeEngine) -> None:
    html = _live(make_page(), engine, phase="loading")
    assert 'role="progressbar"' in html
    assert "aria-valuenow" not in html


def test_a_waiting_job_says_how_many_are_before_it(make_page: MakePage, engine: FakeEngine) -> None:
    job = engine.submit(_spec())
    assert "Waiting: 3 in line before this" in live_html(
        make_page(), Snapshot(job=job, progress=Progress(ahead=3))
    )


def test_notifications_follow_the_setting(make_page: MakePage, engine: FakeEngine) -> None:
    page = make_page()
    assert 'data-notify="Your picture is ready"' in _live(page, engine, phase="loading")
    page.settings.write(Settings(notify=False))
    assert 'data-notify=""' in _live(page, engine, phase="loading")


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        assert not any(name.startswith("on") for name, _ in attributes)


def test_no_text_of_a_person_becomes_markup(make_page: MakePage, engine: FakeEngine, tmp_path: Path) -> None:
    page = make_page()
    job = engine.submit(_spec(prompt=EVIL))
    job = engine.finish(job.id, [_picture(tmp_path)])
    result = job.results[0] | {
        "model": EVIL,
        "warnings": [EVIL],
        "placement": {EVIL: dict.fromkeys(("device", "name", "precision"), EVIL)},
    }
    job = engine.tell(job.id, state="failed", reason=EVIL, results=(result,))
    snapshot = Snapshot(job=engine.tell(job.id, state="running"), progress=Progress(phase=EVIL))
    for html in (live_html(page, snapshot), details_html(page, job, job.pictures[0]), error_html(page, EVIL)):
        tags = _Tags()
        tags.feed(html)
        assert not {"script", "img"} & set(tags.found)
        assert "alert" in html


def test_the_details_say_what_really_ran(make_page: MakePage, engine: FakeEngine, tmp_path: Path) -> None:
    page = make_page()
    job = engine.finish(
        engine.submit(_spec()).id, [_picture(tmp_path), _picture(tmp_path, "2.png")], seed=2**53 - 1
    )
    job = engine.tell(job.id, started=100.0, finished=112.5)
    rows = dict(re.findall(r"<th[^>]*>(.*?)</th><td>(.*?)</td>", details_html(page, job, job.pictures[1])))
    assert rows["Seed"] == f"{2**53}"
    assert rows["Seeds of all"] == f"{2**53 - 1}, {2**53}"
    assert rows["Ran on"] == "CPU f32 (A test CPU)"
    assert rows["Sampler"] == "DDIM"
    stages = "Loading 0.10 s, Compiling 1.00 s, Denoising 2.00 s (0.1 s a step)"
    assert rows["Time"] == f"{stages}, in all 12.5 s"
    assert "a note" in details_html(page, job, job.pictures[0])


def test_the_details_are_those_of_the_request_that_made_the_picture(
    make_page: MakePage, engine: FakeEngine, tmp_path: Path
) -> None:
    page, paths = make_page(), [_picture(tmp_path), _picture(tmp_path, "2.png")]
    job = engine.finish(engine.submit(_spec()).id, paths)
    one = {**job.results[0], "images": [{"path": str(paths[0]), "seed": 1}]}
    two = {
        **one,
        "request": {**one["request"], "num_inference_steps": 77},
        "images": [{"path": str(paths[1]), "seed": 2}],
    }
    job = engine.tell(job.id, results=(one, two))
    assert "<td>77</td>" not in details_html(page, job, job.pictures[0])
    assert "<td>77</td>" in details_html(page, job, job.pictures[1])
    assert details_html(page, engine.tell(job.id, results=()), job.pictures[0]) == ""


def test_an_interruption_is_acknowledged_and_a_second_start_is_told(
    make_page: MakePage, engine: FakeEngine
) -> None:
    page, job = make_page(), engine.submit(_spec())
    progress = Progress(phase="denoising", step=3, steps=9, eta_seconds=60.0)
    html = live_html(
        page,
        Snapshot(job=engine.tell(job.id, state="running", reason=CANCEL, interruptions=1), progress=progress),
    )
    assert "Stopping after this step · step 3 of 9 · The work was cut off once" in html
    assert "left" not in html


def test_folders_of_this_machine_are_not_told_to_others(make_page: MakePage) -> None:
    page = make_page()
    told = f"there is no model 'x' in {page.data.resolve()}/models"
    assert str(page.data.resolve()) in error_html(page, told)
    page.may_name_folders = False
    assert "there is no model &#x27;x&#x27; in …/models" in error_html(page, told)


def test_components_on_different_devices_have_a_row_each(
    make_page: MakePage, engine: FakeEngine, tmp_path: Path
) -> None:
    job = engine.finish(engine.submit(_spec()).id, [_picture(tmp_path)])
    result = job.results[0]
    result["placement"]["unet"] = {"device": "igpu", "name": "A test GPU", "precision": "f16"}
    html = details_html(make_page(), job, job.pictures[0])
    assert "IGPU f16 (A test GPU)" in html
    assert "Ran on" not in html
