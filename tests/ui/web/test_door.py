"""Whose requests are let in, rule by rule."""

import pytest

from ui.web.door import LOOPBACK, Door, Refusal

DOOR = Door(port=7860)
HOME = "127.0.0.1:7860"


def judge(door: Door = DOOR, own_address: str = "127.0.0.1", **headers: str) -> Refusal | None:
    pairs = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return door.judge(pairs, own_address)


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "LocalHost:7860", "[::1]:7860"])
@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_the_page_itself_is_let_in(host: str, site: str) -> None:
    assert judge(host=host) is None
    assert judge(host=host, sec_fetch_site=site) is None
    assert (
        judge(host=host, origin=f"http://{host}", sec_fetch_site=site, referer=f"http://{host}/en/") is None
    )


@pytest.mark.parametrize(
    "host",
    [
        *("", "127.0.0.1", "127.0.0.1:7861", "127.0.0.1:07860", "127.0.0.1:7860:7860", "127.0.0.1.:7860"),
        *(
            "localhost.:7860",
            "x.localhost:7860",
            "loopback.example:7860",
            "evil.example:7860",
            "0.0.0.0:7860",
        ),
        *(
            "127.1:7860",
            "2130706433:7860",
            "[::ffff:127.0.0.1]:7860",
            "user@127.0.0.1:7860",
            "192.168.1.2:7860",
        ),
        *("127.0.0.1:7860, evil.example", " 127.0.0.1:7860", "127.0.0.1:7860/", "127.0.0.1:7860#"),
    ],
)
def test_no_other_name_leads_to_the_page(host: str) -> None:
    refusal = judge(host=host)
    assert refusal is not None
    assert refusal.status == 403
    assert "evil" not in refusal.sentence


def test_a_request_without_a_host_is_refused() -> None:
    assert judge() is not None


@pytest.mark.parametrize(
    "origin",
    [
        *("null", "", "https://evil.example", "http://evil.example:7860", "http://127.0.0.1", "file://"),
        *("https://127.0.0.1:7860", "http://127.0.0.1:7861", "http://127.0.0.1:7860.evil.example"),
        *(
            "http://localhost:7860",
            "chrome-extension://abcdef",
            "http://127.0.0.1:7860/",
            "http://x.localhost:7860",
        ),
    ],
)
def test_no_other_page_is_let_in(origin: str) -> None:
    """Not even one at another of our own names: the page never asks across them."""
    refusal = judge(host=HOME, origin=origin, sec_fetch_site="same-origin")
    assert refusal is not None
    assert refusal.status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "SAME-ORIGIN ", "other"])
def test_what_the_browser_says_another_site_sent_is_refused(site: str) -> None:
    assert judge(host=HOME, sec_fetch_site=site) is not None
    assert judge(host=HOME, sec_fetch_site=site, origin=f"http://{HOME}") is not None


@pytest.mark.parametrize(
    ("referer", "is_ours"),
    [
        (f"http://{HOME}", True),
        (f"http://{HOME}/en/?a=b", True),
        (f"http://{HOME}.evil.example/", False),
        ("https://evil.example/http://127.0.0.1:7860/", False),
        (f"http://user@{HOME}/", False),
        ("", False),
    ],
)
def test_a_browser_that_says_only_the_referer_is_judged_by_it(referer: str, is_ours: bool) -> None:
    assert (judge(host=HOME, referer=referer) is None) == is_ours


@pytest.mark.parametrize("name", ["host", "origin", "sec-fetch-site", "content-length", "content-type"])
def test_a_header_that_is_there_twice_is_refused(name: str) -> None:
    value = {"host": HOME, "origin": f"http://{HOME}"}.get(name, "none").encode()
    headers = [(b"host", HOME.encode()), (name.encode(), value), (name.title().encode(), value)]
    refusal = DOOR.judge(headers, "127.0.0.1")
    assert refusal is not None
    assert refusal.status == 400


def test_at_port_80_browsers_leave_the_port_out() -> None:
    assert judge(Door(port=80), host="localhost") is None
    assert judge(Door(port=80), host="localhost:80") is None
    assert judge(Door(port=80), host="evil.example") is not None


@pytest.mark.parametrize(
    ("host", "own_address", "is_ours"),
    [
        ("192.168.1.2:7860", "192.168.1.2", True),
        ("[fe80::1]:7860", "fe80::1%eth0", True),
        ("192.168.1.2:7860", "192.168.1.3", False),
        ("laptop.local:7860", "192.168.1.2", True),
        ("evil.example:7860", "192.168.1.2", False),
        ("localhost:7860", "127.0.0.1", True),
    ],
)
def test_with_listen_the_address_that_was_connected_to_is_ours(
    host: str, own_address: str, is_ours: bool
) -> None:
    door = Door(port=7860, names=LOOPBACK | {"laptop.local"}, takes_own_address=True)
    assert (judge(door, own_address, host=host) is None) == is_ours


def test_without_listen_an_address_of_this_machine_is_none_of_ours() -> None:
    assert judge(own_address="192.168.1.2", host="192.168.1.2:7860") is not None
