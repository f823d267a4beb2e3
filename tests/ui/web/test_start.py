"""`python launch.py page` as a process: what is there when, who has the port, how it ends, whom it calls."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from runtime.places import CHECKOUT

PATIENCE = 120.0  # seconds; the machine may be busy
# The machine may be busy with other tests: what is promised is that much on a machine that is not.
SPLASH_SECONDS, SLACK = 1.0, float(os.environ.get("LAPDRAW_TEST_SLACK", "8"))
HTML = {"Accept": "text/html", "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}
# Notes every connection and look-up that goes beyond this machine, in this process and those it starts.
WATCH = """
import os, sys
def _watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.gethostbyname"):
        place = arguments[1] if event in ("socket.connect", "socket.sendto") else arguments[0]
        host = place[0] if isinstance(place, tuple) else place
        if event.startswith("socket.get") or isinstance(place, tuple):
            if str(host) not in ("127.0.0.1", "localhost", "::1", "None", ""):
                with open(os.environ["LAPDRAW_CALLS"], "a") as file:
                    print(os.getpid(), event, host, file=file)
sys.addaudithook(_watch)
with open(os.environ["LAPDRAW_CALLS"] + ".watched", "a") as file:
    print(os.getpid(), file=file)
"""


@dataclass(frozen=True, kw_only=True)
class Served:
    """A page that is being served."""

    process: "subprocess.Popen[str]"
    port: int
    data: Path
    calls: Path
    seconds: dict[str, float]  # from the start of the process


def environment(calls: Path) -> dict[str, str]:
    calls.with_name("watch").mkdir(exist_ok=True)
    (calls.with_name("watch") / "sitecustomize.py").write_text(WATCH)
    kept = {name: value for name, value in os.environ.items() if name != "LAPDRAW_PASSWORD"}
    return {**kept, "PYTHONPATH": str(calls.with_name("watch")), "LAPDRAW_CALLS": str(calls)}


def launch(data: Path, port: int, *more: str) -> "subprocess.Popen[str]":
    command = [sys.executable, str(CHECKOUT / "launch.py"), "page", "--no-browser", "--data-dir", str(data)]
    return subprocess.Popen(
        [*command, "--port", str(port), *more],
        env=environment(data.with_name("calls")),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def get(port: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, str, dict[str, str]]:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", path, headers=headers or {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text, dict(answer.getheaders())


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("start") / "data"
    data.mkdir()
    port = free_port()
    started = time.monotonic()
    process = launch(data, port)
    seconds: dict[str, float] = {}
    while "splash" not in seconds:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < started + PATIENCE
        try:
            status, text, _ = get(port, "/", HTML)
        except OSError:
            time.sleep(0.01)
            continue
        assert status == 200
        assert "Lapdraw 正在启动" in text
        assert re.findall(r'(?:src|href)="([^"]*)"', text) == ["/favicon.ico"]
        seconds["splash"] = time.monotonic() - started
    early = get(port, "/zh/config")  # of a tab that was open before: waits, and is answered
    assert (early[0], '"components"' in early[1]) == (200, True)
    seconds["page"] = time.monotonic() - started
    yield Served(process=process, port=port, data=data, calls=data.with_name("calls"), seconds=seconds)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_a_call_would_be_noted(tmp_path: Path) -> None:
    program = "import socket\ntry: socket.getaddrinfo('evil.example', 80)\nexcept OSError: pass"
    subprocess.run([sys.executable, "-c", program], env=environment(tmp_path / "calls"), check=True)
    assert "socket.getaddrinfo evil.example" in (tmp_path / "calls").read_text()


def test_there_is_something_to_look_at_within_a_second(served: Served) -> None:
    shown = ", ".join(f"{name} after {seconds:.2f} s" for name, seconds in served.seconds.items())
    print(f"start: {shown}")
    assert served.seconds["splash"] < SPLASH_SECONDS * SLACK


def test_the_page_is_in_the_language_of_the_browser(served: Served) -> None:
    for language, place in (("zh-CN", "/zh/"), ("en-GB", "/en/"), ("fr", "/en/")):
        status, _, headers = get(served.port, "/?a=b", {"Accept-Language": language, "Accept": "text/html"})
        assert (status, headers["location"]) == (303, place + "?a=b")


def test_a_second_start_says_so_and_succeeds(served: Served) -> None:
    again = launch(served.data, free_port())
    told, complaints = again.communicate(timeout=PATIENCE)
    assert (again.returncode, complaints) == (0, "")
    assert f"already runs on {served.data} (process {served.process.pid})" in told
    assert f"http://127.0.0.1:{served.port}" in told


def test_a_port_that_another_page_has_is_refused_with_its_folder(served: Served, tmp_path: Path) -> None:
    refused = launch(tmp_path / "data", served.port)
    told, complaints = refused.communicate(timeout=PATIENCE)
    assert (refused.returncode, told) == (2, "")
    assert f"port {served.port} is taken by the Lapdraw page of {served.data}" in complaints
    assert f"(process {served.process.pid})" in complaints
    assert "--port" in complaints
    assert complaints.count("\n") == 1


def test_a_port_that_another_program_has_is_refused_with_its_name(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused = launch(tmp_path / "data", port)
        told, complaints = refused.communicate(timeout=PATIENCE)
    assert (refused.returncode, told) == (2, "")
    assert f"port {port} is taken by " in complaints
    if sys.platform == "linux":
        assert f"(process {os.getpid()})" in complaints


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--listen"], "--listen opens the page to other machines and needs a password"),
        (["--listen", "--password-file", "{file}"], "has 5 characters: take at least 8"),
        (["--listen", "--password-file", "/nowhere/at all"], "cannot be read"),
        (["--password-file", "{file}"], "add --listen"),
    ],
)
def test_the_network_is_let_in_with_a_password_alone(
    tmp_path: Path, options: list[str], sentence: str
) -> None:
    (tmp_path / "file").write_text("short\n")
    options = [option.replace("{file}", str(tmp_path / "file")) for option in options]
    refused = launch(tmp_path / "data", free_port(), *options)
    told, complaints = refused.communicate(timeout=PATIENCE)
    assert (refused.returncode, told) == (2, "")
    assert sentence in complaints
    assert complaints.count("\n") == 1


def test_a_job_is_done_nobody_is_called_and_ctrl_c_ends_it(served: Served) -> None:
    """The last one, since the page is gone after it."""
    config = json.loads(get(served.port, "/zh/config")[1])
    parts = {part["id"]: part["props"] for part in config["components"]}
    button = next(name for name, props in parts.items() if props.get("elem_id") == "text-to-image-generate")
    events = [entry for entry in config["dependencies"] if [button, "click"] in entry["targets"]]
    event = next(entry for entry in events if entry["inputs"])
    values = [parts[name].get("value") for name in event["inputs"]]
    body = {"data": values, "fn_index": event["id"], "session_hash": "s", "trigger_id": button}
    pressed = time.monotonic()
    connection = HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE)
    headers = {"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{served.port}"}
    connection.request("POST", "/zh/gradio_api/queue/join", json.dumps(body), headers)
    assert connection.getresponse().status == 200
    connection.close()
    while not (made := list((served.data / "outputs").rglob("[0-9]*.png"))):
        assert time.monotonic() < pressed + PATIENCE
        time.sleep(0.05)
    print(f"first picture {time.monotonic() - pressed:.2f} s after Generate: {made[0].name}")
    ended = time.monotonic()
    os.kill(served.process.pid, signal.SIGINT)
    told, complaints = served.process.communicate(timeout=PATIENCE)
    assert (served.process.returncode, complaints) == (0, "")
    assert "Lapdraw ends." in told
    assert time.monotonic() - ended < 5 * SLACK
    watched = served.calls.with_name("calls.watched").read_text().split()
    assert str(served.process.pid) in watched
    assert len(set(watched)) > 1  # the worker too
    assert not served.calls.exists(), served.calls.read_text()
    assert not (served.data / "cache" / "page.json").exists()
