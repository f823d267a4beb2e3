"""The panel: from what happens to a job to what the page shows."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fake_engine import FakeEngine, MakePage
from PIL import Image

from ui.jobs import JobPicture, JobSpec, Progress
from ui.page.form import Answer, GenerationForm
from ui.page.page import Page
from ui.page.panel import RunPanel, pictures_spec
from ui.settings import Settings

SESSION = SimpleNamespace(session_hash="session")


def _spec(task: str = "text-to-image", **fields: Any) -> JobSpec:
    body = {"task": task, "model": "demo-scenes", "device": "cpu", "fields": {"prompt": "a house", **fields}}
    return JobSpec(kind="pictures", title="a house", body=body)


def _panel(page: Page) -> RunPanel:
    form, panel = (
        GenerationForm(page, "text-to-image", "text-to-image"),
        RunPanel(page, "t", ["text-to-image"]),
    )
    form.prompts()
    form.settings()
    panel.buttons()
    panel.results()
    panel.connect(form, [], lambda answer: pictures_spec(page, "text-to-image", answer))
    return panel


def _picture(tmp_path: Path, name: str = "1.png") -> Path:
    Image.new("RGB", (8, 8)).save(tmp_path / name)
    return tmp_path / name


async def _next(updates: AsyncIterator[dict[Any, Any]]) -> dict[Any, Any]:
    return await asyncio.wait_for(updates.__anext__(), 5)


def test_following_shows_progress_pictures_and_the_end(
    make_page: MakePage, engine: FakeEngine, tmp_path: Path
) -> None:
    panel = _panel(make_page())
    job = engine.submit(_spec())

    async def follow() -> list[dict[Any, Any]]:
        updates = panel._follow(job.id, "session")
        seen = [await _next(updates), await _next(updates)]
        engine.tell(
            job.id, Progress(phase="denoising", step=1, steps=2, picture=1, pictures=1), state="running"
        )
        seen.append(await _next(updates))
        engine.tell(job.id, Progress(phase="denoising", step=2, steps=2, picture=1, pictures=1))
        seen.append(await _next(updates))
        engine.finish(job.id, [_picture(tmp_path)], seed=5)
        return [*seen, *[update async for update in updates]]

    first, again, running, step, done, last = asyncio.run(follow())
    assert first[panel.job] == job.id
    assert "Waiting" in first[panel.live]
    assert again[panel.live] == first[panel.live]
    assert running[panel.skip].interactive
    assert "step 2 of 2" in step[panel.live]
    assert panel.gallery not in step  # what somebody chose there stays chosen
    assert done[panel.gallery].value[0]["caption"] == "Seed 5: a house"
    assert not done[panel.interrupt].interactive
    assert "5</td>" in done[panel.details]
    assert set(last) == set(done)  # what a busy page has not taken in yet, a shorter update would take away


def test_a_newer_job_takes_the_panel_and_gives_it_back(make_page: MakePage, engine: FakeEngine) -> None:
    panel = _panel(make_page())
    first = engine.submit(_spec())
    engine.tell(first.id, Progress(phase="loading"), state="running")

    async def follow() -> tuple[list[dict[Any, Any]], list[dict[Any, Any]]]:
        old = panel._follow(first.id, "session")
        await _next(old)
        second = engine.submit(_spec())
        new = panel._follow(second.id, "session")
        shown = [await _next(new)]
        overtaken = [update async for update in old]
        engine.cancel(second.id)
        shown += [await _next(new), await _next(new), await _next(new)]
        engine.cancel(first.id)
        return overtaken, [*shown, *[update async for update in new]]

    overtaken, shown = asyncio.run(follow())
    assert [set(update) for update in overtaken] == [{panel.interrupt}]
    assert "1 more waiting" in shown[0][panel.live]
    assert any("Interrupted" in update[panel.live] for update in shown[:3])
    assert [update[panel.job] for update in shown if panel.job in update][-1] == first.id
    assert panel.jobs._followed == {}


def test_two_sessions_follow_without_disturbing_each_other(make_page: MakePage, engine: FakeEngine) -> None:
    panel = _panel(make_page())
    jobs = [engine.submit(_spec()), engine.submit(_spec())]

    async def follow() -> None:
        updates = [panel._follow(job.id, f"session {n}") for n, job in enumerate(jobs)]
        for update in updates:
            await _next(update)
        assert set(panel.jobs._followed) == {"session 0", "session 1"}
        for update in updates:
            await update.aclose()  # type: ignore[attr-defined]

    asyncio.run(follow())
    assert [job.state for job in engine.jobs()] == ["queued", "queued"]  # a closed page ends no job
    assert panel.jobs._followed == {}


def test_a_page_that_is_loaded_again_takes_up_the_job(make_page: MakePage, engine: FakeEngine) -> None:
    page = make_page()
    panel = _panel(page)
    engine.submit(_spec("image-to-image"))

    async def resume() -> dict[Any, Any]:
        return await _next(panel._resume(SESSION))  # type: ignore[arg-type]

    assert "Your picture appears here" in asyncio.run(resume())[panel.live]
    mine = engine.submit(_spec())
    assert asyncio.run(resume())[panel.job] == mine.id


def test_a_failure_is_one_sentence_with_a_report(make_page: MakePage, engine: FakeEngine) -> None:
    panel = _panel(make_page())
    job = engine.submit(_spec())
    came = panel._came(
        engine.tell(job.id, state="failed", reason="It broke: try again", report="Traceback"), is_new=True
    )
    assert "It broke: try again" in came[panel.error].value
    assert 'role="alert"' in came[panel.error].value
    assert came[panel.report_box].visible
    assert came[panel.report] == "Traceback"


def test_the_last_seed_is_that_of_the_chosen_picture(
    make_page: MakePage, engine: FakeEngine, tmp_path: Path
) -> None:
    panel = _panel(make_page())
    job = engine.submit(_spec())
    engine.finish(job.id, [_picture(tmp_path), _picture(tmp_path, "2.png")], seed=2**53 - 1)
    assert panel._last_seed(job.id, 0, -1) == 2**53 - 1
    assert panel._last_seed(job.id, 1, -1) == 2**53
    assert panel._last_seed("", 0, -1) == 2**53 - 1


def test_the_details_follow_the_picture_that_is_chosen(
    make_page: MakePage, engine: FakeEngine, tmp_path: Path
) -> None:
    panel = _panel(make_page())
    job = engine.submit(_spec())
    engine.finish(job.id, [_picture(tmp_path), _picture(tmp_path, "2.png")], seed=7)
    for number, seed in ((1, 8), (0, 7)):
        chosen, details = panel._choose(job.id, SimpleNamespace(index=number))  # type: ignore[arg-type]
        assert chosen == number
        assert f"<td>{seed}</td>" in details


def test_what_is_sent_is_the_picture_with_its_own_seed_and_settings(
    make_page: MakePage, engine: FakeEngine, tmp_path: Path
) -> None:
    panel = _panel(make_page())
    job = engine.submit(_spec(num_inference_steps=9))
    assert panel._picked(job.id, 0) is None
    paths = [_picture(tmp_path), _picture(tmp_path, "2.png")]
    engine.finish(job.id, paths, seed=7)
    sent = panel._picked(job.id, 1)
    assert sent is not None
    assert sent.picture == paths[1]
    assert (sent.fields["seed"], sent.fields["num_inference_steps"], sent.fields["count"]) == (8, 9, 1)
    assert sent.model == "demo-scenes|cpu"


def test_a_spec_carries_the_settings_of_the_moment(make_page: MakePage) -> None:
    page = make_page()
    page.settings.write(Settings(preview_interval=3, metadata="none"))
    answer = Answer(model="demo-scenes", device="cpu", fields={"prompt": "a house", "seed": 1})
    asked = pictures_spec(page, "text-to-image", answer, more={"strength": 0.5}, pictures={"image": b"x"})
    assert asked.spec.title == "a house"
    assert (asked.spec.body["preview_every"], asked.spec.body["metadata"]) == (3, "none")
    assert asked.spec.body["fields"] == {"prompt": "a house", "seed": 1, "strength": 0.5}
    assert asked.pictures == {"image": b"x"}


def test_pictures_that_wait_for_a_label_have_one(
    make_page: MakePage, engine: FakeEngine, tmp_path: Path
) -> None:
    panel = _panel(make_page())
    job = engine.submit(_spec(prompt=""))
    pictures = (JobPicture(path=_picture(tmp_path), seed=3, label=""),)
    job = engine.tell(job.id, pictures=pictures)
    assert panel._alt(job, pictures[0]) == "Picture 1, seed 3"
