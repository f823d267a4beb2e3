"""Whose requests are let in: the rules on Host, Origin, Sec-Fetch-Site and Referer, as pure functions.

A browser tells where a request comes from; a page of another site cannot forge that. Programs that are no
browser send none of these headers but Host, and the machine's own programs are not who this keeps out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
OUR_SITES = ("same-origin", "none")  # none: typed, a bookmark, or handed over by another program
SINGLE = ("host", "origin", "referer", "sec-fetch-site", "content-type", "content-length", "authorization")


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a request is turned away: an HTTP status and one sentence, which repeats nothing of the request."""

    status: int
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Door:
    """Where the page is at home: its port, and the names that lead to it."""

    port: int
    names: frozenset[str] = LOOPBACK  # lower case, IPv6 addresses in brackets
    takes_own_address: bool = False  # with --listen: the address of this machine that was connected to

    def judge(self, headers: Sequence[tuple[bytes, bytes]], own_address: str = "") -> Refusal | None:
        """Return why a request with these headers is refused; None lets it in.

        `own_address` is the address of this machine that the connection came to.
        """
        given: dict[str, str] = {}
        for raw_name, raw_value in headers:
            name = raw_name.decode("latin-1").lower()
            if name in SINGLE and name in given:
                return Refusal(status=400, sentence=f"The request has two {name} headers: send one.")
            given[name] = raw_value.decode("latin-1")
        host = given.get("host", "").lower()
        if not self._is_ours(host, own_address):
            return Refusal(
                status=403,
                sentence=f"This page is at http://127.0.0.1:{self.port} and answers to no other name: "
                "open that address.",
            )
        return _judge_origin(given, host)

    def _is_ours(self, host: str, own_address: str) -> bool:
        name = host.removesuffix(f":{self.port}")
        if name == host and self.port != 80:  # browsers leave out :80, and nothing else
            return False
        return name in self.names or (self.takes_own_address and _is_address(name, own_address))


def _judge_origin(given: Mapping[str, str], host: str) -> Refusal | None:
    """Refuse what another page made the browser send; `host` is one of ours, in lower case."""
    foreign = Refusal(
        status=403,
        sentence="This request came from another web page and was refused: "
        "open the page by its address, in a tab of its own.",
    )
    home = f"http://{host}"
    origin, site, referer = given.get("origin"), given.get("sec-fetch-site"), given.get("referer")
    if origin is not None and origin.lower() != home:
        return foreign
    if site is not None and site not in OUR_SITES:
        return foreign
    if origin is None and site is None and referer is not None:  # a browser from before 2023
        return None if f"{referer.lower()}/".startswith(home + "/") else foreign
    return None


def _is_address(name: str, own_address: str) -> bool:
    """Whether a host name is the very address that was connected to: what is no name cannot be rebound."""
    try:
        return ip_address(name.strip("[]")) == ip_address(own_address.split("%")[0])
    except ValueError:
        return False
