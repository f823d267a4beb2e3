"""Every address that is answered, and those of Gradio that are not: what is in neither list is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

LANGUAGES = ("en", "zh")
MIB = 2**20
# A picture of the 64 megapixels that are read takes 192 MB where it does not compress.
MAX_UPLOAD = 200 * MIB
MAX_JSON = 8 * MIB
JSON_BODY, FILES_BODY = "application/json", "multipart/form-data"
_READ = frozenset({"GET", "HEAD"})
_PAGE = rf"/(?:{'|'.join(LANGUAGES)})"


@dataclass(frozen=True, kw_only=True)
class Route:
    """Addresses that are answered: how they are asked, and what a request may bring along."""

    pattern: re.Pattern[str]
    methods: frozenset[str] = _READ
    body: str = ""  # the content type; "": nothing may be sent
    most: int = 0  # bytes of body


def _read(pattern: str) -> Route:
    return Route(pattern=re.compile(pattern))


def _post(pattern: str, body: str, most: int) -> Route:
    return Route(pattern=re.compile(pattern), methods=frozenset({"POST"}), body=body, most=most)


ROUTES = (
    _read(r"/|/favicon\.ico|/manifest\.json|/lapdraw/(?:ready|instance)"),
    _read(rf"{_PAGE}/?"),
    _read(rf"{_PAGE}/(?:assets|static|svelte)/[\w./+@-]+"),
    _read(rf"{_PAGE}/(?:theme\.css|favicon\.ico|manifest\.json|config/?)"),
    _read(rf"{_PAGE}/gradio_api/(?:theme\.css|info/?|app_id/?|queue/data|upload_progress)"),
    _read(rf"{_PAGE}/gradio_api/heartbeat/\w+"),
    _read(rf"{_PAGE}/gradio_api/file=.+"),
    _post(rf"{_PAGE}/gradio_api/(?:queue/join|cancel|reset/?|run/[^/]+/?)", JSON_BODY, MAX_JSON),
    _post(rf"{_PAGE}/gradio_api/upload", FILES_BODY, MAX_UPLOAD),
)


def find_route(path: str) -> Route | None:
    """Return the route of a path; None where there is nothing for anyone."""
    return next((route for route in ROUTES if route.pattern.fullmatch(path)), None)
