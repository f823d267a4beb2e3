"""What the guard does with a request that comes from the page itself: addresses, methods, bodies, headers."""

import asyncio
import base64
import json
import os
from pathlib import Path

import pytest
from asking import OWN, Answer, Request, ask

from ui.web.answers import Message, Receive, Scope, Send
from ui.web.bodies import ServedFiles
from ui.web.door import Door
from ui.web.guard import HEADERS, Guard
from ui.web.password import TRIES, Password
from ui.web.routes import MAX_JSON, MAX_UPLOAD

JOIN, UPLOAD = "/en/gradio_api/queue/join", "/zh/gradio_api/upload"
JSON_SENT = {**OWN, "content-type": "application/json"}


class Echo:
    """Stands in for the page: reads the body and counts what reached it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message: Message = await receive()
            body, more = body + message.get("body", b""), bool(message.get("more_body"))
        self.bodies.append(body)
        foreign = [(b"access-control-allow-origin", b"https://evil.example"), (b"server", b"uvicorn")]
        headers = [(b"content-type", b"text/html"), (b"X-Frame-Options", b"ALLOWALL"), *foreign]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"echo"})


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "uploads"
    folder.mkdir(parents=True)
    return folder


def send(echo: Echo, uploads: Path, request: Request, password: Password | None = None) -> Answer:
    guard = Guard(echo, door=Door(port=7860), files=ServedFiles([uploads]), password=password)
    return asyncio.run(ask(guard, request))


def post(path: str, body: bytes | tuple[bytes, ...], **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(path=path, method="POST", headers={**OWN, **named}, body=body)


def test_every_answer_has_the_headers_and_no_leave_for_other_sites(echo: Echo, uploads: Path) -> None:
    let_in = send(echo, uploads, Request(path="/en/"))
    refused = send(echo, uploads, Request(path="/en/", headers={**OWN, "origin": "null"}))
    assert (let_in.status, let_in.body, refused.status) == (200, b"echo", 403)
    for answer in (let_in, refused):
        assert HEADERS.items() <= answer.headers.items()
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert "server" not in answer.headers
    policy = dict(part.split(" ", 1) for part in HEADERS["content-security-policy"].split("; "))
    assert policy["frame-ancestors"] == policy["default-src"] == "'none'"
    assert not [value for value in policy.values() if "http" in value or "*" in value]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/en/", 200),
        ("HEAD", "/en/assets/index-1.js", 200),
        ("OPTIONS", "/en/", 405),
        ("DELETE", "/en/", 405),
        ("GET", JOIN, 405),
        ("POST", "/en/", 405),
        ("TRACE", "/", 405),
        ("GET", "/fr/", 404),
        ("GET", "//en/", 404),
        ("GET", "/en/../etc/passwd", 404),
        ("GET", "/en/gradio_api/proxy=https://evil.example", 404),
        ("GET", "/en/gradio_api/file/etc/passwd", 404),
        ("POST", "/en/gradio_api/call/generate", 404),
        ("GET", "/en/monitoring", 404),
        ("GET", "/openapi.json", 404),
    ],
)
def test_addresses_and_methods_that_the_page_does_not_use_are_refused(
    echo: Echo, uploads: Path, method: str, path: str, status: int
) -> None:
    assert send(echo, uploads, Request(path=path, method=method)).status == status
    assert len(echo.bodies) == (status == 200)


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx"],
)
def test_a_job_is_taken_as_json_alone(echo: Echo, uploads: Path, kind: str) -> None:
    """A page of another site can send the other kinds without asking first."""
    assert send(echo, uploads, post(JOIN, b"{}", content_type=kind)).status == 415
    assert send(echo, uploads, post(UPLOAD, b"x", content_type="application/json")).status == 415
    assert echo.bodies == []
    assert (
        send(echo, uploads, post(JOIN, b"{}", content_type="Application/JSON; charset=utf-8")).status == 200
    )


def test_a_body_is_measured_before_and_while_it_comes(echo: Echo, uploads: Path) -> None:
    kind = "multipart/form-data; boundary=x"
    said = post(UPLOAD, b"", content_type=kind, content_length=str(MAX_UPLOAD + 1))
    assert send(echo, uploads, said).status == 413
    for length in ("-1", "1e3", "9" * 20, "0x10", "+5", "²"):
        assert send(echo, uploads, post(UPLOAD, b"", content_type=kind, content_length=length)).status == 413
    assert send(echo, uploads, post(UPLOAD, b"abc", content_type=kind)).status == 411
    more = post(UPLOAD, (b"x" * (MAX_UPLOAD // 2), b"y" * (MAX_UPLOAD // 2 + 1)), content_type=kind)
    more.headers["content-length"] = "10"  # a server would not pass that on: measured all the same
    assert send(echo, uploads, more).status == 413
    assert (
        send(
            echo, uploads, post(JOIN, (b" " * MAX_JSON, b"1"), **{"content_type": "application/json"})
        ).status
        == 413
    )
    assert echo.bodies == []


def test_an_address_that_takes_nothing_gets_nothing(echo: Echo, uploads: Path) -> None:
    for header in ({"content-length": "5"}, {"transfer-encoding": "chunked"}):
        assert send(echo, uploads, Request(path="/en/", headers={**OWN, **header})).status == 400
    assert echo.bodies == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"nan" * 3])
def test_what_is_no_json_never_reaches_the_page(echo: Echo, uploads: Path, body: bytes) -> None:
    answer = send(echo, uploads, Request(path=JOIN, method="POST", headers=JSON_SENT, body=body))
    assert (answer.status, echo.bodies) == (400, [])


def test_json_arrives_as_it_was_sent(echo: Echo, uploads: Path) -> None:
    (uploads / "a.png").touch()
    body = json.dumps({"data": [{"path": str(uploads / "a.png")}, {"path": ""}, {"path": None}]}).encode()
    request = Request(path=JOIN, method="POST", headers=JSON_SENT, body=(body[:7], body[7:]))
    assert send(echo, uploads, request).status == 200
    assert echo.bodies == [body]


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/etc/passwd",
            "http://127.0.0.1/",
            "https://evil.example/a.png",
            "HTTP://evil.example/",
            "file:///a",
        ),
        *(
            "{uploads}",
            "{uploads}/../settings.json",
            "{uploads}/.hidden",
            "{uploads}/link",
            "a.png",
            "../a.png",
        ),
        *(
            "\\\\evil.example\\share\\a.png",
            "C:\\Windows\\win.ini",
            "~/a.png",
            "a\0b",
            "{uploads}s/a.png",
            "//evil/a",
        ),
    ],
)
def test_a_file_that_was_not_uploaded_cannot_be_named(echo: Echo, uploads: Path, path: str) -> None:
    """Neither in what is sent, however deep it lies, nor as something to be shown."""
    (uploads / "link").symlink_to(os.__file__)
    path = path.replace("{uploads}", str(uploads))
    if path != str(uploads):  # the folder itself is no file, and Gradio says so
        for value in (
            {"path": path},
            [[{"background": {"path": path, "url": None}}]],
            {"a": [{"b": {"path": path}}]},
        ):
            body = json.dumps({"data": [value]}).encode()
            answer = send(echo, uploads, Request(path=JOIN, method="POST", headers=JSON_SENT, body=body))
            assert answer.status == 403
    if path != str(uploads):
        assert send(echo, uploads, Request(path=f"/en/gradio_api/file={path}")).status in (403, 404)
    assert echo.bodies == []


def test_a_websocket_is_closed(echo: Echo, uploads: Path) -> None:
    said: list[Message] = []

    async def tell(message: Message) -> None:
        said.append(message)

    async def nothing() -> Message:
        return {"type": "websocket.connect"}

    guard = Guard(echo, door=Door(port=7860), files=ServedFiles([uploads]))
    asyncio.run(guard({"type": "websocket", "headers": [], "path": "/en/"}, nothing, tell))
    assert [message["type"] for message in said] == ["websocket.close"]


def test_a_person_who_followed_a_link_is_shown_the_way(echo: Echo, uploads: Path) -> None:
    visit = {**OWN, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    del visit["origin"]
    answer = send(echo, uploads, Request(path="/", headers=visit))
    assert answer.status == 403
    assert b'<a href="/">' in answer.body


def test_with_a_password_nothing_is_answered_without_it(echo: Echo, uploads: Path) -> None:
    password = Password("a good secret", delay=0)

    def status(given: str | None, path: str = "/en/") -> int:
        headers = dict(OWN)
        if given is not None:
            headers["authorization"] = "Basic " + base64.b64encode(given.encode()).decode()
        return send(echo, uploads, Request(path=path, headers=headers), password).status

    for path in ("/", "/en/", "/lapdraw/ready", "/lapdraw/instance", "/favicon.ico", "/nothing"):
        assert status(None, path) == 401
    assert echo.bodies == []
    assert status("anybody:a good secret") == 200
    for wrong in [":", "a:A good secret", "a good secret", "a:a good secret ", *["a:x"] * (TRIES - 4)]:
        assert status(wrong) == 401
    assert status("a:x") == 429
    assert status("anybody:a good secret") == 429  # so that guessing on finds nothing
