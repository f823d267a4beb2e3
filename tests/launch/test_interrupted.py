"""A setup that is killed, doubled or stopped by the machine is repaired by the next start."""

import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import Checkout, answer, required

WAIT_SECONDS = 300


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.002)


def _log_says(checkout: Checkout, text: str) -> Callable[[], bool]:
    return lambda: checkout.log.exists() and text in checkout.log.read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="kills a process group")
@pytest.mark.parametrize(
    ("moment", "with_children"),
    [
        ("the environment is being made", True),
        ("pip writes the packages", True),
        ("pip writes the packages", False),
    ],
)
def test_a_killed_setup_is_repaired_by_the_next_start(
    checkout: Checkout, moment: str, with_children: bool
) -> None:
    reached = {
        "the environment is being made": checkout.environment.exists,
        "pip writes the packages": _log_says(checkout, "Installing collected packages"),
    }[moment]
    process = checkout.start("devices")
    _wait_until(reached)
    (os.killpg if with_children else os.kill)(process.pid, signal.SIGKILL)
    assert process.communicate()[0] == ""
    assert answer(checkout.run("devices"))["packages"] == required("runtime")
    assert not (checkout.folder / ".venv-setup" / "unfinished").exists()
    files = list(checkout.environment.glob("lib/python*/site-packages/openvino/*"))
    assert len([file for file in files if file.is_file()]) == 1500


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_says_so_and_the_next_start_goes_on(checkout: Checkout) -> None:
    process = checkout.start("devices")
    _wait_until(_log_says(checkout, "Installing collected packages"))
    os.killpg(process.pid, signal.SIGINT)
    assert "the next start finishes or repairs" in process.communicate()[1]
    assert process.returncode == 130
    assert answer(checkout.run("devices"))["packages"] == required("runtime")


def test_two_starts_at_once_install_once(checkout: Checkout) -> None:
    with ThreadPoolExecutor(2) as pool:
        finished = list(pool.map(lambda _: checkout.run("devices"), range(2)))
    assert [answer(one)["packages"] for one in finished] == [required("runtime")] * 2
    assert sorted("Set up in" in one.stderr for one in finished) == [False, True]
    assert sum("waiting for it" in one.stderr for one in finished) == 1
