"""Nothing leaves this machine: the program and the browser have loopback alone and look for nothing else.

That nothing was looked for is asserted at the end of every file here (conftest.py); these tests show that it
would have been seen.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.addresses import Addresses
from tests.browser.chromium import Watch
from tests.browser.desk import SHORT, TABS, Desk
from tests.browser.loopback import Loopback
from tests.browser.program import Program

OUTSIDE = "192.0.2.1"  # of the addresses that are nobody's, RFC 5737
CALL = f"import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('{OUTSIDE}', 80))"


@pytest.fixture
def namespace(loopback: Loopback | None) -> Loopback:
    """One that the program is not in; skipped, so that it is told, where none is permitted."""
    if loopback is None:
        pytest.skip("no network namespace is permitted here: the browser's tests ran without one")
    return Loopback()


def test_every_way_out_is_counted(namespace: Loopback, tmp_path: Path) -> None:
    addresses = Addresses(tmp_path / "addresses.log")
    with namespace:
        assert namespace.attempts() == 0
        interfaces = namespace.command(sys.executable, "-c", "import socket; print(socket.if_nameindex())")
        assert subprocess.run(interfaces, capture_output=True, text=True).stdout.count("'") == 2  # of 'lo'
        call = namespace.command(sys.executable, "-c", CALL)
        assert subprocess.run(call, capture_output=True, env=addresses.environment).returncode
        assert namespace.attempts() == 1
    assert addresses.foreign() == [f"socket.connect '{OUTSIDE}'"]


def test_what_a_page_asks_for_outside_is_seen(browser: Browser) -> None:
    with browser.new_context() as context:
        watch = Watch(context)
        page = context.new_page()
        page.set_content(f'<img src="http://{OUTSIDE}/x.png">')
        page.wait_for_function("document.images[0].complete")
    assert watch.foreign("http://127.0.0.1:7860") == [f"http://{OUTSIDE}/x.png"]
    assert len(watch.complaints) == 1  # that it could not be loaded


def test_the_hook_is_in_every_process_of_the_program(page: Page, program: Program) -> None:
    for tab in TABS:
        Desk(page, tab).open()
    Desk(page).open().make(prompt="a blue boat", **SHORT)
    heard = program.addresses.by_process()
    running = {program.server(), *program.workers()}
    pythons = {str(process.pid) for process in running if "python" in process.name()}
    assert len(pythons) >= 2
    assert pythons <= set(heard)
    assert program.addresses.foreign() == []
