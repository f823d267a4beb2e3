"""No page of another site reaches ours: every route, from everywhere, with the real page behind the guard."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asking import HOME, OWN, Answer, Request, ask
from gradio_routes import ANSWERED, REFUSED, example, gradio_routes
from real_page import RealPage, open_page, uploads

from ui.web.gradio_pages import mount
from ui.web.routes import find_route

EVIL = "https://evil.example"
HOSTS = (
    HOME,
    "localhost:7860",
    "127.0.0.1.:7860",
    "x.localhost:7860",
    "evil.example:7860",
    "127.0.0.1",
    "0.0.0.0:7860",
)
ORIGINS = (
    None,
    f"http://{HOME}",
    EVIL,
    "null",
    "http://127.0.0.1:8188",
    "http://x.localhost:7860",
    "file://",
)
SITES = (None, "same-origin", "none", "same-site", "cross-site")
KINDS = (
    "application/json",
    "text/plain",
    "multipart/form-data; boundary=b",
    "application/x-www-form-urlencoded",
    "",
)
FILES = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\npicture\r\n--b--\r\n'
READ = ("/", "/zh/", "/lapdraw/ready", "/lapdraw/instance", "/favicon.ico", "/manifest.json")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPage]:
    data = tmp_path_factory.mktemp("data")
    (data / "outputs").mkdir()
    (data / "outputs" / "mine.png").write_bytes(b"a picture")
    with open_page(data) as opened:
        yield opened


@pytest.fixture(scope="module")
def pressed(real: RealPage) -> bytes:
    """What Generate sends."""
    return real.generate_body("session")


def headers(host: str, origin: str | None, site: str | None) -> dict[str, str]:
    given = {"host": host, "origin": origin, "sec-fetch-site": site}
    return {name: value for name, value in given.items() if value is not None}


def is_foreign(host: str, origin: str | None, site: str | None) -> bool:
    """Whether one of the headers says that another site asks; written down apart from the guard's rules."""
    is_home = host in (HOME, "localhost:7860")
    return not is_home or origin not in (None, f"http://{host}") or site not in (None, "same-origin", "none")


FOREIGN = [
    combination for combination in itertools.product(HOSTS, ORIGINS, SITES) if is_foreign(*combination)
]


def foreign_requests(real: RealPage, pressed: bytes) -> Iterator[Request]:
    """Every route that is answered, from everywhere, with bodies that would work; the others from some."""
    picture = f"/en/gradio_api/file={real.data / 'outputs' / 'mine.png'}"
    for path in (*READ, *ANSWERED.values(), picture):
        route = find_route(path)
        assert route is not None
        for combination in FOREIGN:
            if route.body:
                for kind in KINDS:
                    body = FILES if "multipart" in kind else pressed
                    given = {**headers(*combination), "content-type": kind, "content-length": str(len(body))}
                    yield Request(path=path, method="POST", headers=given, body=body)
            else:
                yield Request(path=path, headers=headers(*combination))
    for paths in REFUSED.values():
        for path, combination in itertools.product(paths, FOREIGN[::12]):
            yield Request(path=example(path), headers=headers(*combination))
            yield Request(path=example(path), method="POST", headers=headers(*combination), body=b"{}")
    for combination in FOREIGN[::5]:  # what a browser asks before it sends JSON to another site
        asked = {**headers(*combination), "access-control-request-method": "POST"}
        yield Request(path="/en/gradio_api/queue/join", method="OPTIONS", headers=asked)


def test_no_foreign_request_changes_or_reads_anything(real: RealPage, pressed: bytes) -> None:
    before = real.state()
    requests = list(foreign_requests(real, pressed))
    answers = real.ask_all(requests)
    assert len(answers) > 10_000
    print(f"{len(answers)} foreign requests to {len(ANSWERED) + len(READ) + 1} routes that are answered")
    assert {answer.status for answer in answers} == {403}
    assert not [answer for answer in answers if "access-control-allow-origin" in answer.headers]
    texts = {answer.body for answer in answers}
    assert len(texts) == 2  # a wrong name, another page
    assert not [text for text in texts if b"evil" in text or b"{" in text]
    assert real.state() == before


def test_without_the_guard_the_same_requests_get_through(real: RealPage, pressed: bytes) -> None:
    """So the test above can fail: Gradio itself lets a page of another site read, upload and start a job."""
    before = real.state()
    jobs = len(real.pages.engine.jobs())
    for host in (HOME, "x.localhost:7860", "evil.example:7860"):
        foreign = headers(host, EVIL, "cross-site")
        read = real.ask(Request(path="/en/config", headers=foreign), guarded=False)
        assert b"components" in read.body
    assert read.headers["access-control-allow-origin"] == EVIL
    kind = {"content-type": KINDS[2]}
    sent = Request(path="/en/gradio_api/upload", method="POST", headers={**foreign, **kind}, body=FILES)
    assert real.ask(sent, guarded=False).status == 200
    assert [file.read_bytes() for file in uploads(real.data)] == [b"picture"]
    join = {**foreign, "content-type": "application/json"}
    path = "/en/gradio_api/queue/join"
    assert (
        real.ask(Request(path=path, method="POST", headers=join, body=pressed), guarded=False).status == 200
    )
    real.wait_for(jobs + 1)
    assert real.state() != before
    real.pages.engine.cancel(real.pages.engine.jobs()[0].id)


def test_the_page_itself_is_answered(real: RealPage, pressed: bytes) -> None:
    picture = f"/en/gradio_api/file={real.data / 'outputs' / 'mine.png'}"
    for path in ("/zh/", "/en/", "/en/config", "/en/theme.css", "/en/gradio_api/app_id", "/lapdraw/ready"):
        assert real.ask(Request(path=path)).status == 200
    assert real.ask(Request(path=picture)).body == b"a picture"
    jobs = len(real.pages.engine.jobs())
    own = {**OWN, "content-type": "application/json"}
    joined = real.ask(Request(path="/en/gradio_api/queue/join", method="POST", headers=own, body=pressed))
    assert list(json.loads(joined.body)) == ["event_id"]
    real.wait_for(jobs + 1)
    real.pages.engine.cancel(real.pages.engine.jobs()[0].id)
    body = FILES.replace(b"picture", b"another")
    sent = {**OWN, "content-type": KINDS[2], "content-length": str(len(body))}
    uploaded = real.ask(Request(path="/en/gradio_api/upload", method="POST", headers=sent, body=body))
    (name,) = json.loads(uploaded.body)
    assert Path(name).read_bytes() == b"another"
    assert real.ask(Request(path=f"/en/gradio_api/file={name}")).body == b"another"


def test_every_route_of_gradio_is_decided_on(real: RealPage) -> None:
    """A new version with a new route fails here, until its row is in gradio_routes.py."""
    refused = {path for paths in REFUSED.values() for path in paths}
    application = real.pages.made["en"].application
    found = {path.removeprefix("/en") for path, _ in gradio_routes(application)}
    assert found - refused - ANSWERED.keys() == set()
    assert len(found) > 60
    assert {path for path in refused if find_route(example(path))} == set()
    for path, methods in gradio_routes(application):
        route = find_route(ANSWERED.get(path.removeprefix("/en"), "/nothing"))
        assert route is None or methods & route.methods, f"{path} takes {methods}"


def taken(event: dict[str, Any], path: str) -> Request:
    """Hand a file to a control that takes one, as one that was uploaded."""
    file = {"path": path, "url": None, "meta": {"_type": "gradio.FileData"}}
    body = {"data": [file], "fn_index": event["id"], "session_hash": "s", "trigger_id": event["inputs"][0]}
    place = f"/en/gradio_api/run/{event['api_name']}"
    own = {**OWN, "content-type": "application/json"}
    return Request(path=place, method="POST", headers=own, body=json.dumps(body).encode())


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret.txt"
    file.write_text("not for the browser")
    return file


@pytest.mark.parametrize("path", ["{secret}", "http://127.0.0.1:9/a.png", "https://evil.example/a.png"])
def test_the_page_takes_no_file_that_was_not_uploaded(real: RealPage, secret: Path, path: str) -> None:
    config = real.config()
    pictures = {part["id"] for part in config["components"] if part["type"] == "image"}
    events = [entry for entry in config["dependencies"] if len(entry["inputs"]) == 1]
    event = next(entry for entry in events if pictures & {*entry["inputs"]})
    request = taken(event, path.replace("{secret}", str(secret)))
    refused = real.ask(request)
    assert (refused.status, b"was not uploaded" in refused.body) == (403, True)
    assert real.ask(request, guarded=False).status == 500  # by the page itself
    assert secret.name not in [file.name for file in uploads(real.data)]


def test_a_mounted_gradio_checks_files_only_where_it_is_told_that_it_runs(
    real: RealPage, secret: Path
) -> None:
    """Why `mount` says so: else any file of the machine is copied to where browsers can ask for it."""
    import gradio

    async def take() -> tuple[Answer, Answer]:  # in a loop: where none runs, Gradio leaves some open
        with gradio.Blocks() as blocks:
            file = gradio.File()
            file.upload(lambda path: None, file, queue=False, api_name="take")
        application = mount(blocks, "en", 7860, {})
        request = taken({**blocks.config["dependencies"][0], "api_name": "take"}, str(secret))
        refused = await ask(application, request)
        assert secret.name not in [found.name for found in uploads(real.data)]
        blocks.has_launched = False
        return refused, await ask(application, request)

    refused, let_in = real.loop.run(take())
    assert (refused.status, b"not uploaded by a user" in refused.body) == (500, True)
    assert let_in.status == 200
    assert secret.name in [found.name for found in uploads(real.data)]


@pytest.mark.parametrize(
    "place", ["settings.json", "jobs/engine.lock", "outputs/../settings.json", "models/x"]
)
def test_files_of_the_data_folder_are_not_shown(real: RealPage, place: str) -> None:
    request = Request(path=f"/en/gradio_api/file={real.data / place}")
    assert real.ask(request).status == 403
    assert real.ask(request, guarded=False).status == 403


def test_no_control_of_the_page_has_functions_for_browsers_to_call(real: RealPage) -> None:
    (blocks,) = [
        route.app.blocks
        for route in real.pages.made["en"].application.routes
        if hasattr(getattr(route, "app", None), "blocks")
    ]
    assert len(blocks.blocks) > 100
    assert [block for block in blocks.blocks.values() if getattr(block, "server_fns", None)] == []
