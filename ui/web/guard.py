"""The guard: an ASGI application in front of everything, so that no web page a person visits reaches us.

In this order a request must come to one of our names, from no other page, with the password where one is
set, to an address in routes.py, with a body of the right kind and size that names no file of its own.
Every answer, refusals too, carries HEADERS, and no leave for other sites to read it.
"""

from __future__ import annotations

from ui.web.answers import HTML, TEXT, Application, Message, Receive, Scope, Send, answer, header
from ui.web.bodies import FOREIGN_FILE, Refused, ServedFiles, counted, read_json
from ui.web.door import Door, Refusal
from ui.web.password import Password
from ui.web.routes import FILES_BODY, JSON_BODY, Route, find_route

POLICY = "; ".join(
    [
        "default-src 'none'",
        # Gradio's page holds its settings in scripts of its own, and makes functions of our `js=` texts.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "manifest-src 'self'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
# Of a file that is no picture (a report, or what somebody put among the pictures): nothing in it runs.
FILE_POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"
PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif")
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=()",
}
_TAKEN_AWAY = ("access-control-", "server")
_FILE = "/gradio_api/file="
NOTHING = Refusal(status=404, sentence="There is nothing at this address: the page is at /.")
BODILESS = Refusal(status=400, sentence="Nothing can be sent to this address: ask for it without a body.")
NO_LENGTH = Refusal(status=411, sentence="The request does not say how long it is: send its Content-Length.")


class Guard:
    """Lets a request through to `application`, or answers it with a refusal in one sentence."""

    def __init__(
        self, application: Application, *, door: Door, files: ServedFiles, password: Password | None = None
    ) -> None:
        self._application, self._door, self._files, self._password = application, door, files, password

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; websockets are closed, the lifespan passes."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, _with_headers(send, is_file=_FILE in scope["path"]))
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_on(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._admit(scope, receive, send_on)
        except Refused as refused:
            if not started:
                await _refuse(refused.refusal, scope, send)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        own_address = (scope.get("server") or ("",))[0]
        refusal = self._door.judge(scope["headers"], own_address)
        if refusal is not None:
            raise Refused(refusal)
        if self._password is not None:
            peer = (scope.get("client") or ("",))[0]
            question = await self._password.ask(header(scope, "authorization"), peer)
            if question is not None:
                await answer(send, question.status, question.sentence, headers=question.headers)
                return
        route = find_route(scope["path"])
        if route is None:
            raise Refused(NOTHING)
        if scope["method"] not in route.methods:
            methods = ", ".join(sorted(route.methods))
            await answer(send, 405, f"This address takes {methods}.", headers=[("allow", methods)])
            return
        if _FILE in scope["path"] and not self._files.holds(scope["path"].split(_FILE, 1)[1]):
            raise Refused(FOREIGN_FILE)
        await self._application(scope, await self._checked_body(route, scope, receive), send)

    async def _checked_body(self, route: Route, scope: Scope, receive: Receive) -> Receive:
        length = header(scope, "content-length")
        if not route.body:
            if length not in (None, "0") or header(scope, "transfer-encoding"):
                raise Refused(BODILESS)
            return receive
        kind = (header(scope, "content-type") or "").split(";")[0].strip().lower()
        if kind != route.body:
            raise Refused(Refusal(status=415, sentence=f"This address takes {route.body}: send that."))
        if length is not None and (not length.isdecimal() or len(length) > 15 or int(length) > route.most):
            raise Refused(Refusal(status=413, sentence=_too_much(route)))
        if kind == JSON_BODY:
            return await read_json(receive, route.most, self._files)
        if length is None and kind == FILES_BODY:
            raise Refused(NO_LENGTH)  # else half a file would stay behind when it gets too much
        return counted(receive, route.most)


def _too_much(route: Route) -> str:
    return f"The request is larger than the {route.most // 2**20} MiB that are taken: send a smaller picture."


def _with_headers(send: Send, *, is_file: bool) -> Send:
    """Put HEADERS on an answer, and take away what would let other sites read it."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [
                (name, value)
                for name, value in message.get("headers", ())
                if not name.lower().decode("latin-1").startswith(_TAKEN_AWAY)
                and name.lower().decode("latin-1") not in HEADERS
            ]
            kind = next((value for name, value in kept if name.lower() == b"content-type"), b"")
            ours = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            if is_file and kind.decode("latin-1").split(";")[0].strip().lower() not in PICTURES:
                ours[0] = (ours[0][0], FILE_POLICY.encode())
            message = {**message, "headers": kept + ours}
        await send(message)

    return send_with_headers


async def _refuse(refusal: Refusal, scope: Scope, send: Send) -> None:
    """Say the sentence; to a person who followed a link from elsewhere, with a link of our own to follow."""
    head = scope["method"] == "HEAD"
    if refusal.status == 403 and header(scope, "sec-fetch-mode") == "navigate" and scope["method"] == "GET":
        page = f'<!doctype html><title>Lapdraw</title><p>{refusal.sentence}</p><p><a href="/">Lapdraw</a></p>'
        await answer(send, refusal.status, page, HTML)
    else:
        await answer(send, refusal.status, refusal.sentence, TEXT, head=head)
