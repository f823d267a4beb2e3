"""Asking the Hub: the one place that opens a connection, and the one that sends the token."""

import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import quote

import httpx

from optimize.hub.answers import explain, passing_fault
from optimize.hub.patience import Passing, Patience, Tries
from optimize.hub.token import Token
from runtime.errors import HubError

DEFAULT_ENDPOINT = "https://huggingface.co"
MANUAL = "docs/models.md says which files to bring by hand"
_LARGEST_ANSWER = 32 << 20
_MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_UNREACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)
_AGAIN = "run the same command again, it goes on where it stopped"


class HubClient:
    """A connection to one Hub, by HF_ENDPOINT and the proxy variables of `environment`.

    The token goes to the endpoint's own scheme, host and port, and nowhere else; over plain http to this
    machine only. `note` is told what is waited for.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        token: Token | None,
        patience: Patience | None = None,
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.endpoint = _endpoint(environment)
        self.token = token
        self.patience = patience or Patience()
        self.note = note
        self._base = httpx.URL(self.endpoint)
        self._reached = False
        timeout = httpx.Timeout(self.patience.silence, connect=15.0)
        try:
            self._http = httpx.Client(
                timeout=timeout,
                verify=_certificates(),
                headers={"User-Agent": "lapdraw", "Accept-Encoding": "identity"},
            )
        except (ValueError, ImportError, httpx.InvalidURL) as error:  # a proxy that httpx cannot use
            raise HubError(
                f"the proxy in HTTP_PROXY, HTTPS_PROXY or ALL_PROXY cannot be used ({error!s:.200}): "
                "correct it"
            ) from error

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def page(self, repository: str) -> str:
        """Return the address of a repository's page."""
        return f"{self.endpoint}/{repository}"

    def file_address(self, repository: str, commit: str, name: str) -> str:
        """Return the address of a file at a commit."""
        return f"{self.endpoint}/{repository}/resolve/{commit}/{quote(name)}"

    def listing(self, repository: str, revision: str) -> dict[str, Any]:
        """Return what the Hub says of a repository at a revision; raises HubError.

        A redirect to another host is refused: what comes from here says what every file must be.
        """
        path = f"/api/models/{repository}/revision/{quote(revision, safe='')}?blobs=true"
        data = self.small(self.endpoint + path, repository, may_leave=False)
        if self.token is not None and self.token.is_in(data):
            raise HubError(f"{self._base.host} sends the token back in its answer: nothing was taken from it")
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise HubError(
                f"{self._base.host} answers with something that is not the Hub's listing of {repository}: a "
                f"proxy or a login page may be in between; open {self.endpoint} in a browser, or set "
                "HF_ENDPOINT to a mirror"
            )
        return value

    def small(self, url: str, repository: str, *, may_leave: bool = True) -> bytes:
        """Return a small answer whole, after as many tries as it takes; raises HubError."""
        tries = Tries(self.patience, self._base.host, self.note)
        while True:
            try:
                with self.stream(url, repository, may_leave=may_leave) as response:
                    data = bytearray()
                    for chunk in response.iter_raw():
                        data += chunk
                        if len(data) > _LARGEST_ANSWER:
                            raise HubError(
                                f"{self._base.host} sends more than {_LARGEST_ANSWER >> 20} MiB about "
                                f"{repository}, which no pipeline has: nothing was taken"
                            )
                    return bytes(data)
            except Passing as fault:
                tries.failed(fault)

    @contextmanager
    def stream(
        self, url: str, repository: str, *, offset: int = 0, may_leave: bool = True
    ) -> Iterator[httpx.Response]:
        """Open an answer (200 or 206) from the byte `offset` on; redirects are followed.

        Raises Passing for what another try may heal, also while the answer is read, else HubError.
        """
        try:
            response = self._follow(httpx.URL(url), offset, may_leave)
            try:
                self._reached = True
                if response.status_code not in (200, 206):
                    self._refuse(response, repository)
                yield response
            finally:
                response.close()
        except httpx.InvalidURL as error:
            raise HubError(
                f"{self._base.host} sends to an address that is none: nothing was taken"
            ) from error
        except httpx.UnsupportedProtocol as error:
            raise HubError(f"{self._base.host}: {error!s:.200}: check HF_ENDPOINT and the proxy") from error
        except httpx.TransportError as error:
            raise self._broken(error) from error

    def _follow(self, url: httpx.URL, offset: int, may_leave: bool) -> httpx.Response:
        for _ in range(_MOST_REDIRECTS + 1):
            headers = {"Range": f"bytes={offset}-"} if offset else {}
            if self.token is not None and self._may_have_token(url):
                headers["Authorization"] = self.token.header
            response = self._http.send(self._http.build_request("GET", url, headers=headers), stream=True)
            if response.status_code not in _REDIRECTS:
                return response
            place = response.headers.get("location", "")
            response.close()
            url = self._next(url, place, may_leave)
        raise HubError(f"{self._base.host} redirects more than {_MOST_REDIRECTS} times: nothing was taken")

    def _next(self, url: httpx.URL, place: str, may_leave: bool) -> httpx.URL:
        following = url.join(place)
        is_downgrade = url.scheme == "https" and following.scheme != "https"
        if following.scheme not in ("http", "https") or is_downgrade or following.userinfo:
            raise HubError(
                f"{url.host} redirects to {following.scheme}://{following.host}, which is not followed: "
                f"nothing was taken; try another HF_ENDPOINT, or {MANUAL}"
            )
        if not may_leave and _origin(following) != _origin(self._base):
            raise HubError(
                f"{self._base.host} redirects to another host, {following.host}: if you trust it, set "
                f"HF_ENDPOINT={following.scheme}://{following.netloc.decode()}"
            )
        return following

    def _may_have_token(self, url: httpx.URL) -> bool:
        return _origin(url) == _origin(self._base) and (url.scheme == "https" or url.host in _LOOPBACK)

    def _refuse(self, response: httpx.Response, repository: str) -> None:
        """Raise what an answer means that is no success."""
        fault = passing_fault(response.status_code, response.headers)
        if fault is not None:
            raise fault
        said = self._clean(response.headers.get("x-error-message", ""))
        raise explain(
            response.status_code,
            response.headers.get("x-error-code", ""),
            said,
            repository,
            self.page(repository),
            self.token,
            is_file=not response.url.path.startswith(f"{self._base.path.rstrip('/')}/api/"),
        )

    def _broken(self, error: httpx.TransportError) -> Exception:
        reason = self._clean(str(error)) or type(error).__name__
        if not self._reached and isinstance(error, _UNREACHED):
            return HubError(
                f"{self._base.host} cannot be reached ({reason}): check the network and the proxy, set "
                f"HF_ENDPOINT to a mirror of the Hub, or bring the files by hand ({MANUAL})"
            )
        return Passing(f"the connection broke ({reason})", f"check the connection and {_AGAIN}")

    def _clean(self, text: str) -> str:
        text = self.token.hidden_in(text) if self.token is not None else text
        return "".join(sign if sign.isprintable() else " " for sign in text)[:200].strip()


@cache
def _certificates() -> ssl.SSLContext:
    """Return who is believed: read once, since that is most of the work of opening a connection."""
    return httpx.create_ssl_context()


def _endpoint(environment: Mapping[str, str]) -> str:
    found = environment.get("HF_ENDPOINT", "").strip().rstrip("/") or DEFAULT_ENDPOINT
    try:
        url = httpx.URL(found)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query or url.fragment:
        raise HubError(
            "HF_ENDPOINT is no address of a Hub: write https://HOST, without name, password or question mark"
        )
    return found


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)
