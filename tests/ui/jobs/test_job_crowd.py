"""Many clients at once, kills at random moments, many pictures: nothing lost, doubled, swapped, or growing.

The long ones have their own command: pytest -m campaign tests/ui/jobs
"""

import random
import signal
import sys
import threading
import time
from pathlib import Path
from statistics import median

import psutil
import pytest

from runtime.infotext_reader import parameters_of, read_infotext
from tests.ui.jobs.asking import (
    Server,
    accept,
    check_engine,
    check_pictures,
    expected_seeds,
    finished,
    jobs_of,
    pictures_of,
    until,
    worker_of,
)
from ui.jobs import Job, JobEngine, JobSpec

PROMPTS = ("a red house", "a tree", "a boat on a lake", "green hills")


def any_job(numbers: random.Random) -> JobSpec:
    """A small job of a kind of its own."""
    return pictures_of(
        prompt=f"{numbers.choice(PROMPTS)} number {numbers.randrange(10**9)}",
        seed=numbers.randrange(2**40),
        count=numbers.choice((1, 1, 2, 3)),
        num_inference_steps=numbers.randint(1, 3),
    )


def ask(engine: JobEngine, specs: list[JobSpec], seed: int, ended: list[tuple[Job, bool]]) -> None:
    """Be one client: ask, cancel some at a random moment, wait for the end of each."""
    numbers = random.Random(seed)
    for spec in specs:
        job = engine.submit(spec)
        cancels = numbers.random() < 0.35
        if cancels:
            time.sleep(numbers.random() * 0.6 * numbers.choice((0, 1, 4)))
            engine.cancel(job.id)
        ended.append((finished(engine, job), cancels))


def crowd(engine: JobEngine, clients: int, jobs: int) -> list[tuple[Job, bool]]:
    """Let clients ask for so many jobs in all; return what became of each, and whether it was cancelled."""
    numbers, ended = random.Random(5), list[tuple[Job, bool]]()
    specs = [any_job(numbers) for _ in range(jobs)]
    threads = [
        threading.Thread(target=ask, args=(engine, specs[client::clients], client, ended))
        for client in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked = [job.spec.body["fields"]["prompt"] for job, _ in ended]
    assert sorted(asked) == sorted(spec.body["fields"]["prompt"] for spec in specs)
    return ended


def check_crowd(engine: JobEngine, ended: list[tuple[Job, bool]]) -> None:
    """Nothing was lost, doubled or swapped."""
    check_engine(engine)
    for job, was_cancelled in ended:
        assert job.state in (("done", "cancelled") if was_cancelled else ("done",)), job
        assert engine.get(job.id) == job
        seeds = [picture.seed for picture in job.pictures]
        assert seeds == expected_seeds(job)[: len(seeds)]
        assert job.state == "cancelled" or len(seeds) == len(expected_seeds(job))
        for picture in job.pictures:
            told = read_infotext(parameters_of(picture.path) or "")
            assert told.prompt == job.spec.body["fields"]["prompt"]


def test_sixteen_clients_get_what_they_asked_for(engine: JobEngine) -> None:
    ended = crowd(engine, clients=16, jobs=60)
    check_crowd(engine, ended)
    states = [job.state for job, _ in ended]
    assert states.count("done") >= 30
    assert states.count("cancelled") >= 5


@pytest.mark.campaign
def test_five_hundred_jobs_of_sixteen_clients(engine: JobEngine) -> None:
    began = time.monotonic()
    ended = crowd(engine, clients=16, jobs=500)
    check_crowd(engine, ended)
    states = [job.state for job, _ in ended]
    pictures = sum(len(job.pictures) for job, _ in ended)
    print(
        f"\n500 jobs of 16 clients in {time.monotonic() - began:.0f} s: {states.count('done')} done, "
        f"{states.count('cancelled')} cancelled, {pictures} pictures; 0 lost, doubled or swapped"
    )


@pytest.mark.campaign
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_thirty_kills_with_twenty_jobs_in_the_line(data: Path) -> None:
    numbers, jobs, began = random.Random(11), list[Job](), time.monotonic()
    kills = {"server": 0, "worker": 0}
    while sum(kills.values()) < 30:
        with JobEngine(data, worker=False) as engine:
            waiting = len(engine.jobs(1000, ["queued"]))
        jobs += accept(data, [any_job(numbers) for _ in range(20 - waiting)])
        server = Server(data)
        made = len(list((data / "outputs").rglob("[!.]*.png")))
        if numbers.random() < 0.8:  # else while it starts
            until(lambda n=made: len(list((data / "outputs").rglob("[!.]*.png"))) > n)  # type: ignore[misc]
        time.sleep(numbers.random() * 1.5)
        if kills["worker"] < 15 and numbers.random() < 0.7:
            worker_of(data).send_signal(signal.SIGKILL)
            kills["worker"] += 1
            time.sleep(numbers.random() * 4)
        kills["server"] += 1
        server.kill()
    with JobEngine(data) as engine:
        ended = [finished(engine, job) for job in jobs]
    check_pictures(data, ended)
    assert jobs_of(data, jobs) == ended
    for job in ended:
        assert job.state in ("done", "failed")
        assert (job.state == "failed") == ("interrupted twice" in job.reason)
        seeds = [picture.seed for picture in job.pictures]
        assert seeds == expected_seeds(job)[: len(seeds)]
        assert job.state == "failed" or len(seeds) == len(expected_seeds(job))
    states, interrupted = [job.state for job in ended], sum(job.interruptions > 0 for job in ended)
    print(
        f"\n{kills['server']} kills of the server and {kills['worker']} of the worker in "
        f"{time.monotonic() - began:.0f} s: {len(ended)} jobs, {states.count('done')} done, "
        f"{states.count('failed')} failed with the reason, {interrupted} interrupted, "
        f"{sum(len(job.pictures) for job in ended)} pictures, all whole"
    )


@pytest.mark.campaign
def test_memory_is_flat_over_five_hundred_pictures(engine: JobEngine) -> None:
    """OpenVINO's rule: warm up, then medians of five; 2 % where they allow 10 %."""
    held: list[tuple[int, int]] = []
    own = psutil.Process()
    for number in range(140):
        body = {"preview_every": 1}
        spec = pictures_of(prompt=f"a house {number}", count=4, num_inference_steps=2, body=body)
        assert finished(engine, engine.submit(spec)).state == "done"
        held.append((worker_of(engine.data).memory_info().rss, own.memory_info().rss))
    growth = []
    for which in (0, 1):
        smooth = [median(row[which] for row in held[n : n + 5]) for n in range(15, len(held) - 4)]
        growth.append(max(smooth[-5:]) / smooth[0] - 1)
    sizes = [f"{row >> 20} MiB" for row in (*held[15], *held[-1])]
    print(f"\n500 pictures after 60: worker {growth[0]:+.2%}, server {growth[1]:+.2%} ({', '.join(sizes)})")
    assert max(growth) < 0.02


@pytest.mark.campaign
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_twenty_sleeps_interrupt_nothing(data: Path) -> None:
    numbers = random.Random(3)
    jobs = accept(data, [pictures_of(count=5, num_inference_steps=30, seed=n * 100) for n in range(20)])
    server = Server(data)
    worker = worker_of(data)
    for _ in range(20):
        time.sleep(numbers.random() * 2)
        server.send(signal.SIGSTOP)
        worker.suspend()
        time.sleep(1 + numbers.random() * 3)
        worker.resume()
        server.send(signal.SIGCONT)
    until(lambda: len(list((data / "outputs").rglob("[!.]*.png"))) == 100, 600)
    time.sleep(1)
    server.close()
    ended = jobs_of(data, jobs)
    assert [(job.state, job.interruptions) for job in ended] == [("done", 0)] * 20
    check_pictures(data, ended)
