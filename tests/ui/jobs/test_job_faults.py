"""Whatever ends under a job: it is made again once, and given up the second time."""

import signal
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from runtime.errors import InvalidRequest
from tests.ui.jobs.asking import (
    LONG,
    Server,
    accept,
    check_engine,
    check_pictures,
    expected_seeds,
    finished,
    jobs_of,
    pictures_of,
    stepping,
    until,
    worker_of,
)
from ui.jobs import Job, JobEngine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def saved(engine: JobEngine, job: Job, number: int) -> bool:
    """Whether so many pictures are there, and the next is being made."""
    return len(engine.get(job.id).pictures) >= number and engine.snapshot(job.id).progress.step > 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV], ids=["SIGKILL", "SIGSEGV"])
def test_a_worker_that_dies_costs_a_job_one_try(engine: JobEngine, number: int) -> None:
    job = engine.submit(pictures_of(count=3, num_inference_steps=40, seed=1))
    after = engine.submit(pictures_of())
    until(lambda: saved(engine, job, 1))
    worker_of(engine.data).send_signal(number)
    ended = finished(engine, job)
    assert (ended.state, ended.interruptions, ended.reason) == ("done", 1, "")
    assert [picture.seed for picture in ended.pictures] == expected_seeds(ended)
    assert finished(engine, after).state == "done"
    check_engine(engine)


def test_a_job_that_is_interrupted_twice_has_failed_and_says_why(engine: JobEngine) -> None:
    job = engine.submit(pictures_of(num_inference_steps=LONG))
    after = engine.submit(pictures_of())
    for interruptions in (0, 1):
        until(lambda n=interruptions: engine.get(job.id).interruptions == n and stepping(engine, job)())
        worker_of(engine.data).send_signal(signal.SIGSEGV if interruptions else signal.SIGKILL)
    ended = finished(engine, job)
    assert ended.state == "failed"
    assert "interrupted twice" in ended.reason
    assert "SIGSEGV" in ended.reason
    assert "Fatal Python error: Segmentation fault" in ended.report
    assert "openvino" in ended.report
    assert "red house" not in ended.report
    assert finished(engine, after).state == "done"


def test_a_worker_that_says_nothing_is_replaced(data: Path) -> None:
    with JobEngine(data, silence_limit=8.0) as engine:
        until(lambda: engine.devices()[0].cores)
        job = engine.submit(pictures_of(count=2, num_inference_steps=60))
        until(lambda: saved(engine, job, 1))
        worker_of(data).suspend()
        until(lambda: "did not answer for 8 seconds" in engine.get(job.id).reason)
        ended = finished(engine, job)
        assert (ended.state, ended.interruptions, len(ended.pictures)) == ("done", 1, 2)
        check_pictures(data, [ended])


def test_a_worker_that_dies_with_nothing_to_do_is_started_again(engine: JobEngine) -> None:
    until(lambda: engine.devices()[0].cores)
    first = worker_of(engine.data)
    first.kill()
    first.wait()
    job = engine.submit(pictures_of())
    assert finished(engine, job).state == "done"
    assert worker_of(engine.data).pid != first.pid


def test_a_place_that_cannot_be_written_fails_the_job_and_no_other(data: Path) -> None:
    (data / "outputs").write_text("in the way of the folder")
    with JobEngine(data) as engine:
        job = finished(engine, engine.submit(pictures_of()))
        assert job.state == "failed"
        assert "cannot be made (Not a directory)" in job.reason
        assert "Traceback" in job.report
        (data / "outputs").unlink()
        assert finished(engine, engine.submit(pictures_of())).state == "done"


def test_a_server_that_is_killed_leaves_its_jobs_to_the_next_one(data: Path) -> None:
    jobs = accept(data, [pictures_of(count=3, num_inference_steps=40, seed=7), pictures_of(seed=20)])
    server = Server(data)
    until(lambda: len(list((data / "outputs").rglob("*.png"))) >= 1)
    server.kill()
    with JobEngine(data) as engine:
        ended = [finished(engine, job) for job in jobs]
        assert [job.state for job in ended] == ["done", "done"]
        assert [job.interruptions for job in ended] == [1, 0]
        for job in ended:
            assert [picture.seed for picture in job.pictures] == expected_seeds(job)
        check_pictures(data, ended)


def test_a_job_under_which_the_server_is_killed_twice_has_failed(data: Path) -> None:
    (job,) = accept(data, [pictures_of(num_inference_steps=LONG)])
    for _ in range(2):
        server = Server(data)
        worker_of(data)
        time.sleep(0.5)  # the job is taken at once
        server.kill()
    (ended,) = jobs_of(data, [job])
    assert (ended.state, ended.pictures) == ("failed", ())
    assert "interrupted twice" in ended.reason
    assert "the program ended while it ran" in ended.reason


def test_a_server_that_ends_in_order_interrupts_nothing(data: Path) -> None:
    with JobEngine(data) as engine:
        job = engine.submit(pictures_of(count=2, num_inference_steps=60))
        until(lambda: saved(engine, job, 1))
        worker = worker_of(data)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert not psutil.pid_exists(worker.pid) or worker.status() == psutil.STATUS_ZOMBIE
    (found,) = jobs_of(data, [job])
    assert (found.state, found.interruptions, found.reason) == ("queued", 0, "")
    with JobEngine(data) as engine:
        assert finished(engine, job).interruptions == 0
        check_pictures(data, [engine.get(job.id)])


def test_a_worker_that_outlives_its_server_is_ended_by_the_next_one(data: Path) -> None:
    (job,) = accept(data, [pictures_of(count=2, num_inference_steps=40)])
    server = Server(data)
    until(lambda: len(list((data / "outputs").rglob("*.png"))) >= 1)
    worker = worker_of(data)
    worker.suspend()  # it cannot notice that its server is gone
    server.kill()
    with JobEngine(data) as engine:
        ended = finished(engine, job)
        assert ended.state == "done"
        assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE
        check_pictures(data, [ended])


def test_sleep_interrupts_nothing(data: Path) -> None:
    (job,) = accept(data, [pictures_of(count=2, num_inference_steps=60)])
    server = Server(data)
    until(lambda: len(list((data / "outputs").rglob("*.png"))) >= 1)
    worker = worker_of(data)
    server.send(signal.SIGSTOP)
    worker.suspend()
    time.sleep(3)
    worker.resume()
    server.send(signal.SIGCONT)
    until(lambda: len(list((data / "outputs").rglob("[!.]*.png"))) == 2)
    time.sleep(0.5)
    server.close()
    (ended,) = jobs_of(data, [job])
    assert (ended.state, ended.interruptions) == ("done", 0)


def test_a_store_that_cannot_be_written_for_a_while_loses_nothing(data: Path) -> None:
    with JobEngine(data) as engine:
        job = engine.submit(pictures_of(count=2, num_inference_steps=40))
        until(lambda: saved(engine, job, 1))
        engine._parts[0].rows("PRAGMA busy_timeout = 50")
        with closing(sqlite3.connect(data / "jobs" / "jobs.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            until(lambda: "cannot be written (database is locked)" in engine.busy())
            with pytest.raises(InvalidRequest, match="cannot be written"):
                engine.submit(pictures_of())
        ended = finished(engine, job)
        assert (ended.state, ended.interruptions, len(ended.pictures)) == ("done", 0, 2)
        check_engine(engine)
        assert engine.busy() == ""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_of_the_program_itself_is_no_endless_loop(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_a_bug(*arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("ui.jobs.follow_pictures.follow_pictures", with_a_bug)
    (job,) = accept(data, [pictures_of()])
    for interruptions in (1, 2):
        with JobEngine(data) as engine:
            until(lambda: "ZeroDivisionError" in engine.busy())
            assert engine.get(job.id).interruptions == min(interruptions, 1)
            with pytest.raises(InvalidRequest, match="start the program again"):
                engine.submit(pictures_of())
    (ended,) = jobs_of(data, [job])
    assert ended.state == "failed"
    assert "interrupted twice" in ended.reason


def test_a_second_program_on_the_same_folder_is_refused(engine: JobEngine) -> None:
    with pytest.raises(InvalidRequest, match="another Lapdraw works on"), JobEngine(engine.data):
        pass
    assert finished(engine, engine.submit(pictures_of())).state == "done"
