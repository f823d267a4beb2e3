"""A job from the line to its end: pictures, seeds, progress, cancelling and skipping."""

import io
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from runtime.errors import DeviceError, InvalidRequest, LapdrawError, ModelFolderError
from runtime.infotext_reader import parameters_of, read_infotext
from tests.ui.jobs.asking import (
    LONG,
    check_engine,
    check_pictures,
    expected_seeds,
    finished,
    pictures_of,
    stepping,
    until,
)
from ui.jobs import JobEngine, JobSpec


def test_a_job_ends_with_its_pictures_and_is_there_after_a_restart(data: Path) -> None:
    with JobEngine(data) as engine:
        job = finished(engine, engine.submit(pictures_of(count=2, seed=5)))
        assert (job.state, job.reason, job.report) == ("done", "", "")
        assert [picture.seed for picture in job.pictures] == [5, 6]
        check_pictures(data, [job])
        assert [result["images"][0]["seed"] for result in job.results] == [5, 6]
        assert job.results[0]["placement"]["unet"]["precision"] == "f32"
        assert job.created <= (job.started or 0) <= (job.finished or 0)
    with JobEngine(data, worker=False) as engine:
        assert engine.get(job.id) == job
        assert engine.jobs() == [job]
        assert engine.running() is None
        assert engine.busy() == ""


def test_a_picture_is_the_one_that_the_command_line_makes(engine: JobEngine) -> None:
    from ui.cli import main

    batch = finished(engine, engine.submit(pictures_of(count=3, seed=9, batch_size=2, num_inference_steps=2)))
    place = engine.data / "cli.png"
    request = ("--seed", "11", "--steps", "2", "--width", "64", "--height", "64", "--device", "cpu")
    assert main(["generate", "a red house", *request, "--data-dir", str(engine.data), "-o", str(place)]) == 0
    with Image.open(place) as wanted, Image.open(batch.pictures[2].path) as made:
        assert wanted.tobytes() == made.tobytes()
        assert wanted.info["parameters"] == made.info["parameters"]
    assert [len(result["images"]) for result in batch.results] == [2, 1]


def test_a_seed_is_drawn_once_when_the_job_is_accepted(idle: JobEngine) -> None:
    first, second = (idle.submit(pictures_of(seed=-1)) for _ in range(2))
    seeds = [job.spec.body["fields"]["seed"] for job in (first, second)]
    assert min(seeds) >= 0
    assert seeds[0] != seeds[1]
    assert idle.get(first.id).spec == first.spec


@pytest.mark.parametrize(
    ("spec", "fault", "words"),
    [
        (pictures_of(num_inference_steps=0), InvalidRequest, "from 1 to 1000"),
        (pictures_of(sampler="nobody's"), InvalidRequest, "nobody's"),
        (pictures_of(task="sculpture"), InvalidRequest, "no task 'sculpture'"),
        (pictures_of(task="image-to-image"), InvalidRequest, "starts from a picture"),
        (pictures_of(colour="red"), InvalidRequest, "colour does not go with"),
        (pictures_of(grid=["colour=red"]), InvalidRequest, "no axis 'colour'"),
        (pictures_of(seed=1, grid=["seed=1,2"]), InvalidRequest, "leave out one"),
        (pictures_of(body={"model": "nobody's"}), ModelFolderError, "no model"),
        (pictures_of(body={"metadata": "some"}), InvalidRequest, "metadata must be one of full"),
        (pictures_of(body={"preview_every": -1}), InvalidRequest, "preview_every must be"),
        (pictures_of(body={"execution_precision": "f8"}), InvalidRequest, "choose one of f32"),
        (pictures_of(body={"fields": ["prompt"]}), InvalidRequest, "fields must be an object"),
        (pictures_of(guidance_scale=float("nan")), InvalidRequest, "give text and numbers"),
        (JobSpec(kind="sculpture", title="", body={}), InvalidRequest, "no kind of job"),
        (JobSpec(kind="optimize", title="", body={"source": "/nowhere"}), InvalidRequest, "name is missing"),
        (JobSpec(kind="benchmark", title="", body={"model": "nobody's"}), ModelFolderError, "no model"),
    ],
    ids=range(16),
)
def test_what_cannot_be_done_is_refused_and_not_stored(
    idle: JobEngine, spec: JobSpec, fault: type[LapdrawError], words: str
) -> None:
    with pytest.raises(fault, match=words):
        idle.submit(spec)
    assert idle.jobs() == []
    assert [path.name for path in idle.folder.iterdir() if path.is_dir()] == []


def test_a_device_that_is_not_there_is_refused_once_the_worker_has_told(engine: JobEngine) -> None:
    until(lambda: engine.devices()[0].cores)
    with pytest.raises(DeviceError, match="choose one of cpu"):
        engine.submit(pictures_of(body={"device": "npu"}))


def test_a_picture_that_cannot_be_read_is_refused(idle: JobEngine) -> None:
    spec = pictures_of(task="image-to-image")
    with pytest.raises(InvalidRequest, match="the picture"):
        idle.submit(spec, {"image": b"no picture"})
    with pytest.raises(InvalidRequest, match="no picture 'face'"):
        idle.submit(spec, {"face": Image.new("RGB", (64, 64))})
    assert [path.name for path in idle.folder.iterdir() if path.is_dir()] == []


def test_pictures_to_start_from_are_kept_with_the_job_and_gone_after_it(
    engine: JobEngine, tmp_path: Path
) -> None:
    picture = Image.effect_noise((64, 64), 80).convert("RGB")
    file = io.BytesIO()
    picture.save(file, "PNG")
    (tmp_path / "start.png").write_bytes(file.getvalue())
    spec = pictures_of(task="image-to-image", num_inference_steps=2, strength=1.0, seed=3)
    sources = (picture, file.getvalue(), tmp_path / "start.png")
    jobs = [engine.submit(spec, {"image": source}) for source in sources]
    (tmp_path / "start.png").unlink()
    ended = [finished(engine, job) for job in jobs]
    assert [job.state for job in ended] == ["done"] * 3, ended
    made = []
    for job in ended:
        with Image.open(job.pictures[0].path) as image:
            made.append(image.tobytes())
    assert len(set(made)) == 1
    until(lambda: not [path for path in engine.folder.iterdir() if path.is_dir()])


def test_jobs_are_done_in_the_order_they_came(engine: JobEngine) -> None:
    jobs = [engine.submit(pictures_of(seed=n, num_inference_steps=9)) for n in range(4)]
    seen = [snapshot.progress.ahead for snapshot in engine.watch(jobs[-1].id)]
    assert seen[0] >= 1
    assert seen == sorted(seen, reverse=True)
    begun = [engine.get(job.id).started or 0.0 for job in jobs]
    assert begun == sorted(begun)
    assert [job.id for job in engine.jobs(limit=4)] == [job.id for job in reversed(jobs)]
    assert [job.id for job in engine.jobs(limit=2, states=["done"])] == [jobs[3].id, jobs[2].id]


def test_watchers_see_steps_previews_and_the_time_left(engine: JobEngine) -> None:
    job = engine.submit(pictures_of(num_inference_steps=60, count=2, body={"preview_every": 5}))
    moments, snapshots = [], []
    for snapshot in engine.watch(job.id):
        moments.append(time.monotonic())
        snapshots.append(snapshot.progress)
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert min(gaps) > 0.15
    running = [progress for progress in snapshots if progress.phase == "denoising" and progress.step]
    assert {progress.pictures for progress in running} == {2}
    assert {progress.steps for progress in running} == {60}
    assert all(progress.eta_seconds is not None for progress in running)
    previews = {progress.preview_number: progress.preview for progress in running if progress.preview}
    assert len(previews) > 1
    for preview in previews.values():
        assert preview is not None
        with Image.open(io.BytesIO(preview)) as image:
            assert (image.format, image.size) == ("JPEG", (64, 64))
    assert snapshots[-1].phase == "done"


def test_any_number_may_watch_and_one_that_leaves_harms_nobody(engine: JobEngine) -> None:
    job = engine.submit(pictures_of(num_inference_steps=20))
    states: list[str] = []
    watchers = [
        threading.Thread(target=lambda: states.append(list(engine.watch(job.id))[-1].job.state))
        for _ in range(8)
    ]
    for watcher in watchers:
        watcher.start()
    leaving = engine.watch(job.id)
    next(leaving)
    leaving.close()  # type: ignore[attr-defined]
    for watcher in watchers:
        watcher.join()
    assert states == ["done"] * 8


def test_cancelling_takes_effect_within_a_step_and_keeps_finished_pictures(engine: JobEngine) -> None:
    waiting_behind = []
    job = engine.submit(pictures_of(grid=[f"steps=2,{LONG}"]))
    waiting_behind.append(engine.submit(pictures_of()))
    waiting_behind.append(engine.submit(pictures_of()))
    until(lambda: engine.snapshot(job.id).progress.picture == 2 and stepping(engine, job)())
    engine.cancel(waiting_behind[0].id)
    assert engine.get(waiting_behind[0].id).state == "cancelled"
    began = time.monotonic()
    engine.cancel(job.id)
    ended = finished(engine, job)
    assert time.monotonic() - began < 5
    assert (ended.state, len(ended.pictures)) == ("cancelled", 1)
    assert finished(engine, waiting_behind[1]).state == "done"
    engine.cancel(job.id)  # has ended: nothing happens
    assert engine.get(job.id) == ended
    check_engine(engine)
    with pytest.raises(InvalidRequest, match="no job"):
        engine.cancel("00000000")


def test_a_job_is_cancelled_before_its_first_step_too(engine: JobEngine) -> None:
    job = engine.submit(pictures_of(num_inference_steps=LONG, width=72, height=72))  # which is not compiled
    until(lambda: engine.get(job.id).state == "running")
    engine.cancel(job.id)
    assert finished(engine, job).state == "cancelled"
    assert finished(engine, engine.submit(pictures_of())).state == "done"


def test_skipping_goes_on_with_the_next_picture(engine: JobEngine) -> None:
    job = engine.submit(pictures_of(grid=[f"steps=1,{LONG},2"], seed=8))
    until(lambda: engine.snapshot(job.id).progress.picture == 2 and stepping(engine, job)())
    engine.skip(job.id)
    ended = finished(engine, job)
    assert ended.state == "done"
    assert [picture.label for picture in ended.pictures] == ["steps 1", "steps 2"]
    assert [image["values"] for image in ended.results[-1]["images"]] == [{"steps": "1"}, {"steps": "2"}]
    check_engine(engine)


@pytest.mark.parametrize("metadata", ["full", "without prompts", "none"])
def test_pictures_tell_as_much_as_is_asked(engine: JobEngine, metadata: str) -> None:
    grid = ["prompt=a secret house,a tree"]
    body = {"metadata": metadata}
    spec = pictures_of(negative_prompt="fog", count=1, seed=4, body=body)
    spec = JobSpec(kind="pictures", title="", body={**spec.body, "grid": grid})
    del spec.body["fields"]["prompt"]  # type: ignore[attr-defined]
    job = finished(engine, engine.submit(spec))
    assert job.state == "done", job.reason
    sheet = Path(job.results[-1]["grid"]["path"])
    for path in (job.pictures[0].path, sheet):
        text = parameters_of(path)
        with Image.open(path) as image:
            assert set(image.info) == ({"parameters"} if metadata != "none" else set())
        if metadata == "none":
            assert text is None
        else:
            assert read_infotext(text or "").values["Seed"] == "4"
            assert ("secret" in (text or ""), "fog" in (text or "")) == (
                (True, True) if metadata == "full" else (False, False)
            )


def test_seeds_of_many_pictures_follow_one_another(engine: JobEngine) -> None:
    job = finished(engine, engine.submit(pictures_of(count=4)))
    assert [picture.seed for picture in job.pictures] == expected_seeds(job)
