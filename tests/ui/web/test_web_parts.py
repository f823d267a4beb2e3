"""The parts of the server by themselves: language, splash, lock, password, whom it calls, how it imports."""

import ast
import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.errors import InvalidRequest
from runtime.places import CHECKOUT
from ui.web.bodies import ServedFiles
from ui.web.gradio_pages import QUIET, prepare_environment, uploads_of
from ui.web.instance import Instance, Taken
from ui.web.language import choose_language
from ui.web.no_calls import is_this_machine
from ui.web.password import LATER, TRIES, WANTED, Password, read_password
from ui.web.splash import PHASES, TEXTS, splash


@pytest.mark.parametrize(
    ("setting", "header", "language"),
    [
        ("auto", None, "en"),
        ("auto", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("auto", "de,fr;q=0.9", "en"),
        ("auto", "de, zh-TW;q=0.4, en;q=0.3", "zh"),
        ("auto", "en;q=0.3, zh;q=0.4", "zh"),
        ("auto", "zh;q=0, en;q=0.1", "en"),
        ("auto", "en; q=0.3, zh; q=0.4", "zh"),
        ("auto", "zh;q=x", "en"),
        ("zh", "en", "zh"),
        ("en", "zh", "en"),
    ],
)
def test_the_setting_decides_the_language_then_the_browser(
    setting: str, header: str | None, language: str
) -> None:
    assert choose_language(setting, header) == language


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_the_splash_speaks_both_languages_and_needs_nothing_else(language: str) -> None:
    page = splash(language, "page")
    assert TEXTS[language][0] in page
    assert PHASES[language]["page"] in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in page
    assert PHASES["en"].keys() == PHASES["zh"].keys()


def test_a_data_folder_is_served_once_and_its_holder_is_told(tmp_path: Path) -> None:
    with Instance(tmp_path) as instance:
        instance.announce("http://127.0.0.1:1")
        with pytest.raises(Taken) as taken, Instance(tmp_path):
            raise AssertionError
        assert taken.value.holder is not None
        assert (taken.value.holder.process, taken.value.holder.address) == (os.getpid(), "http://127.0.0.1:1")
    with Instance(tmp_path):
        assert not (tmp_path / "cache" / "page.json").exists()


def test_the_lock_of_a_killed_page_is_nobodys(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from ui.web.instance import Instance\n"
        "Instance(Path(sys.argv[1])).__enter__().announce('http://127.0.0.1:1'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=CHECKOUT, check=False)
    assert (tmp_path / "cache" / "page.json").exists()
    with Instance(tmp_path):
        assert not (tmp_path / "cache" / "page.json").exists()


def test_a_data_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(InvalidRequest, match="cannot be written"), Instance(tmp_path):
        raise AssertionError


def test_the_password_is_the_first_line_of_the_file_or_the_variable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("correct horse \r\nsecond line\n")
    assert read_password(str(tmp_path / "file"), {}) == "correct horse"
    assert read_password(None, {"LAPDRAW_PASSWORD": "correct horse"}) == "correct horse"
    (tmp_path / "empty").write_text("")
    for file, variables in (
        (str(tmp_path / "empty"), {}),
        (None, {}),
        (None, {"LAPDRAW_PASSWORD": "seven77"}),
    ):
        with pytest.raises(InvalidRequest):
            read_password(file, variables)


def test_wrong_passwords_are_heard_ten_times_a_minute_from_an_address() -> None:
    now = [100.0]
    password = Password("correct horse", delay=0, now=lambda: now[0])

    def ask(given: str, address: str) -> object:
        import base64

        header = "Basic " + base64.b64encode(f"me:{given}".encode()).decode()
        return asyncio.run(password.ask(header, address))

    for _ in range(TRIES):
        assert ask("wrong", "192.168.1.9") is WANTED
    assert ask("correct horse", "192.168.1.9") is LATER
    assert ask("correct horse", "192.168.1.8") is None
    now[0] += 61
    assert ask("correct horse", "192.168.1.9") is None
    for broken in (None, "", "Basic", "Basic !!!", "Bearer abc", "Basic " + "A" * 5):
        assert asyncio.run(password.ask(broken, "192.168.1.8")) is WANTED


def test_gradio_is_told_where_its_files_are_and_to_be_quiet(tmp_path: Path) -> None:
    left = uploads_of(tmp_path) / "left.png"
    left.parent.mkdir(parents=True)
    left.touch()
    variables = {
        "GRADIO_SHARE": "True",
        "GRADIO_MCP_SERVER": "True",
        "GRADIO_ALLOWED_PATHS": "/",
        "HOME": "/h",
    }
    prepare_environment(tmp_path, variables)
    assert variables.pop("HOME") == "/h"
    assert variables.pop("GRADIO_TEMP_DIR") == str(uploads_of(tmp_path).resolve())
    assert variables.pop("GRADIO_EXAMPLES_CACHE").startswith(str(tmp_path.resolve()))
    assert variables == QUIET
    assert not left.exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8", b"localhost", "", "0.0.0.0"])
def test_this_machine_may_be_called(host: str | bytes) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize(
    "host", ["192.0.2.1", "evil.example", "localhost.evil.example", "2001:db8::1", b"a.b"]
)
def test_no_other_machine_may_be_called(host: str | bytes) -> None:
    assert not is_this_machine(host)


def test_the_process_refuses_every_call_to_another_machine() -> None:
    program = """
import socket, httpx
from ui.web.no_calls import CallRefused, refuse_calls
refuse_calls()
def refused(call):
    try: call()
    except (CallRefused, httpx.ConnectError) as fault: return "does not contact other machines" in str(fault)
    return False
server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(server.getsockname()).close()
calls = [
    lambda: socket.getaddrinfo("evil.example", 443),
    lambda: socket.gethostbyname("evil.example"),
    lambda: socket.create_connection(("192.0.2.1", 80), timeout=1),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53)),
    lambda: httpx.get("https://evil.example/", timeout=1),
    lambda: httpx.get("http://192.0.2.1/", timeout=1),
]
print([refused(call) for call in calls])
"""
    command = [sys.executable, "-W", "ignore", "-c", program]
    answer = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert answer.stdout.strip() == str([True] * 6), answer.stderr


def test_the_quick_import_gives_the_same_gradio_and_puts_everything_back() -> None:
    program = """
import gc, inspect, ssl, sys, jinja2
before = inspect.getfile, ssl.create_default_context, jinja2.Template, gc.isenabled()
from pathlib import Path
from ui.web.quick_import import quick_import
with quick_import():
    import gradio
assert before == (inspect.getfile, ssl.create_default_context, jinja2.Template, gc.isenabled())
assert "gradio.cli" not in sys.modules and "pandas.core" not in sys.modules
missing = [name for name in gradio.__all__ if not hasattr(gradio, name)]
assert not missing, missing
assert "Button" in gradio.Button.click.__doc__ and "{{" not in gradio.Button.click.__doc__
import gradio.cli.commands, pandas
with gradio.Blocks() as page:
    table = gradio.Dataframe(value=pandas.DataFrame({"a": [1]}))
    number = gradio.Number(1)
    number.change(lambda value: value + 1, number, number)
print(page.config["components"][0]["props"]["value"]["data"], len(page.config["dependencies"]))
"""
    command = [sys.executable, "-W", "ignore", "-c", program]
    answer = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert (answer.stdout.strip(), answer.returncode) == ("[[1]] 1", 0), answer.stderr


def test_no_coroutine_of_ours_does_work_without_waiting() -> None:
    """One that never waits holds up every other request: such work belongs in a plain function."""
    blocking = {"sleep", "read_text", "read_bytes", "write_text", "write_bytes", "open", "run", "rmtree"}
    idle, stalling = [], []
    paths = [*(CHECKOUT / "ui" / "web").glob("*.py"), *(CHECKOUT / "ui" / "page").rglob("*.py")]
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.AsyncFunctionDef) or _says_only_what_it_does(node):
                continue
            inside = list(ast.walk(node))
            if not any(isinstance(part, ast.Await | ast.AsyncWith | ast.AsyncFor) for part in inside):
                idle.append(f"{path.name}:{node.lineno} {node.name}")
            awaited = {id(part.value) for part in inside if isinstance(part, ast.Await)}
            calls = [part for part in inside if isinstance(part, ast.Call) and id(part) not in awaited]
            named = {call.func.attr for call in calls if isinstance(call.func, ast.Attribute)}
            stalling += [f"{path.name}:{node.lineno} {name}" for name in sorted(named & blocking)]
    assert len(paths) > 20
    # Gradio's way to take a file, of which ours only looks at the name; made where a loop runs, for Gradio.
    allowed = {"async_move_resource_to_block_cache", "make"}
    assert [found for found in idle if found.split()[-1] not in allowed] == []
    assert stalling == []


def _says_only_what_it_does(function: ast.AsyncFunctionDef) -> bool:
    return len(function.body) == 1 and ast.get_docstring(function) is not None  # of a protocol


def test_links_in_a_circle_and_links_out_are_no_served_files(tmp_path: Path) -> None:
    served = tmp_path / "served"
    served.mkdir()
    (served / "a.png").touch()
    (served / "circle").symlink_to(served / "circle")
    (served / "out").symlink_to(tmp_path)
    files = ServedFiles([served, tmp_path / "missing"])
    assert files.holds(str(served / "a.png"))
    for name in (str(served / "circle"), str(served / "out" / "x"), str(served / ".a"), "", "a.png"):
        assert not files.holds(name)
