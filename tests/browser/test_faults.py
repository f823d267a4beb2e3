"""Faults in view of a person: bad requests, a worker and a server that are killed in the middle of a job."""

import re
import signal

from playwright.sync_api import Page, expect

from tests.browser.conftest import reload
from tests.browser.desk import LONG, SHORT, Desk
from tests.browser.program import Program, wait_for

PROMPT = "a blue boat on the sea at sunset"


def test_a_request_that_cannot_be_is_told_in_one_sentence(page: Page, program: Program) -> None:
    desk = Desk(page).fill(prompt=PROMPT, width=100)
    desk.press("generate").refused("multiple of 8, not 100: try 96 or 104")
    desk.fill(width=64, count=0).press("generate").refused("from 1 to 100, not 0")
    desk.fill(count=2.5).press("generate").refused("Pictures must be a whole number, not 2.5")
    expect(page.get_by_text("Traceback")).to_have_count(0)
    desk.make(count=1, prompt=PROMPT, **SHORT)
    expect(page.locator("#tab-text-to-image").get_by_role("alert")).to_have_count(0)


def test_a_worker_that_is_killed_costs_nothing_but_time(page: Page, program: Program) -> None:
    desk = Desk(page).fill(prompt=PROMPT, width=192, height=192, steps=60).start()
    before, job = len(program.pictures()), desk.job()
    expect(desk.part("live")).to_contain_text(re.compile(r"step \d+ of 60"))
    for worker in program.workers():
        worker.send_signal(signal.SIGKILL)
    desk.ends("done", timeout=120_000)
    assert desk.job() == job
    assert len(program.pictures()) == before + 1
    desk.make(**SHORT)


def test_a_job_whose_worker_dies_twice_fails_with_a_report(page: Page, program: Program) -> None:
    desk = Desk(page).fill(prompt=PROMPT, **LONG).start()
    for told in ("of 150", "of 150.*The work was cut off once"):
        expect(desk.part("live")).to_contain_text(re.compile(told), timeout=90_000)
        for worker in program.workers():
            worker.send_signal(signal.SIGKILL)
    desk.ends("failed", timeout=120_000)
    alert = page.locator("#tab-text-to-image").get_by_role("alert")
    expect(alert).to_be_visible()
    expect(alert).not_to_contain_text("Traceback")
    page.get_by_role("button", name="Report for the developers").first.click()
    expect(desk.field("report")).not_to_have_value("")
    expect(desk.part("report").get_by_role("button").first).to_be_visible()  # to copy it


def test_the_queue_goes_on_when_the_server_is_killed_and_started_again(page: Page, program: Program) -> None:
    before = len(program.pictures())
    desk = Desk(page).fill(prompt=PROMPT, width=192, height=192, steps=60).start()
    running = desk.job()
    desk.fill(**SHORT).press("generate")
    expect(desk.part("live")).to_contain_text("more waiting")
    program.kill()
    program.start()
    reload(page)
    wait_for("both pictures", lambda: len(program.pictures()) == before + 2, 120)
    reload(page)
    desk.ends()
    assert desk.job() != running
