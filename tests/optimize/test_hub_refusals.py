"""What a Hub may answer instead of a model: a sentence each, and nothing in place that is not the Hub's."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hub_repos import NAME, TOKEN, UNET, Run, add_source, content, index
from hub_server import Fault, Hub, Repo

from optimize.hub.client import HubClient
from optimize.hub.patience import Patience
from runtime.errors import HubError, LapdrawError

OTHER = "hf_" + "b" * 34  # a token of an account without access


def refused(run: Run, match: str, name: str = NAME, **asked: Any) -> str:
    with pytest.raises(LapdrawError, match=match) as caught:
        run.fetch(name, **asked)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert len(sentence) < 700
    return sentence


# Who may see it


def test_gated_without_a_token_names_the_page_and_the_ways(run: Run) -> None:
    add_source(run.hub, gated="auto")
    sentence = refused(run, "is gated: visit")
    assert f"{run.hub.url}/{NAME}" in sentence
    assert "--token-file" in sentence
    assert "HF_TOKEN" in sentence
    assert run.hub.requests("hub", "resolve") == []


@pytest.mark.parametrize("gate", ["auto", "manual"])
def test_gated_with_a_token_that_has_access(run: Run, gate: str) -> None:
    add_source(run.hub, gated=gate, readers=frozenset({TOKEN}))
    run.hub.tokens.add(TOKEN)
    run.token = TOKEN
    run.fetch()
    assert run.check_accepted() == 10
    assert len(run.hub.requests("cdn")) == 3


@pytest.mark.parametrize("gate", ["auto", "manual"])
def test_gated_with_a_token_that_has_no_access(run: Run, gate: str) -> None:
    add_source(run.hub, gated=gate, readers=frozenset({OTHER}))
    run.hub.tokens.add(TOKEN)
    run.token = TOKEN
    assert f"{run.hub.url}/{NAME}" in refused(run, "has no access: visit")


def test_a_gate_that_the_listing_does_not_show(run: Run) -> None:
    add_source(run.hub, gated="auto", listed=lambda answer: answer | {"gated": False})
    refused(run, "is gated: visit")


@pytest.mark.parametrize("token", [None, TOKEN], ids=["without a token", "with one"])
@pytest.mark.parametrize("exists", [True, False], ids=["private", "missing"])
def test_private_and_missing_repositories(run: Run, token: str | None, exists: bool) -> None:
    run.hub.tokens.add(TOKEN)
    run.token = token
    if exists:
        add_source(run.hub, private=True)
    assert f"{run.hub.url}/{NAME}" in refused(run, f"there is no {NAME} on the Hub, or")


def test_a_private_repository_with_its_token(run: Run) -> None:
    add_source(run.hub, private=True, readers=frozenset({TOKEN}))
    run.hub.tokens.add(TOKEN)
    run.token = TOKEN
    assert len(run.fetch().selection.files) == 10


def test_a_token_that_the_hub_does_not_know(run: Run) -> None:
    add_source(run.hub)
    run.token = TOKEN
    refused(run, "does not take the token from a test.*settings/tokens")


def test_a_revision_that_is_not_there(run: Run) -> None:
    add_source(run.hub)
    refused(run, "no such revision: .*--revision", revision="v9")


@pytest.mark.parametrize("revision", ["../../x", "a b", "", "x" * 300, "a\nb", "-r", "a?b", "a//b"])
def test_a_revision_that_can_be_none(run: Run, revision: str) -> None:
    refused(run, "cannot be a revision", revision=revision)
    assert run.hub.seen == []


@pytest.mark.parametrize(
    "name", ["a", "a/b/c", "../b", "a/..", "a/b--c", "a b/c", "a/b?x", "https://x/y", "/a", "a/"]
)
def test_a_name_that_is_no_id(run: Run, name: str) -> None:
    refused(run, "is no id of the Hugging Face Hub", name=name)
    assert run.hub.seen == []


# What goes wrong on the way


@pytest.mark.parametrize(
    ("fault", "match"),
    [
        (Fault("api/models", status=429, headers={"Retry-After": "0"}), "answers 429.*5 times in a row"),
        (Fault("api/models", status=429, headers={"Retry-After": "4000"}), "asks to wait 4000 s"),
        (
            Fault("api/models", status=429, headers={"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"}),
            "asks to wait",
        ),
        (Fault("api/models", status=429, headers={"Retry-After": "soon"}), "answers 429.*5 times"),
        (Fault("resolve.*unet/diff", status=429, headers={"RateLimit": '"api";r=0;t=900'}), "wait 900 s"),
        (Fault("api/models", status=500), "answers 500.*5 times"),
        (Fault("api/models", status=503, headers={"Retry-After": "9999"}), "asks to wait 9999 s"),
        (Fault("api/models", status=400), "answers 400"),
        (Fault("api/models", status=403, headers={"X-Error-Message": "Access disabled."}), "Access disabled"),
        (Fault("api/models", status=451), "does not give"),
        (Fault("api/models", status=410), "answers 410"),
        (Fault("api/models", status=200, body=b"<html>Sign in</html>"), "a login page may be in between"),
        (Fault("api/models", status=200, body=b"[" * 100_000), "a login page may be in between"),
        (Fault("api/models", status=200, body=b"[]"), "a login page may be in between"),
        (Fault("api/models", status=200, body=b"{}"), "names no commit or no files"),
        (Fault("api/models", status=200, body=b" " * (33 << 20)), "more than 32 MiB"),
        (Fault("api/models", status=204), "answers 204"),
        (
            Fault("api/models", status=302, headers={"Location": "/api/models/a/b/revision/main"}),
            "redirects more",
        ),
        (Fault("api/models", status=302), "redirects more than 5 times"),
        (
            Fault("api/models", status=302, headers={"Location": "https://evil.example/x"}),
            "HF_ENDPOINT=https",
        ),
        (Fault("resolve.*unet/diff", status=302, headers={"Location": "file:///etc/passwd"}), "not followed"),
        (Fault("resolve.*unet/diff", status=302, headers={"Location": "ftp://h/x"}), "not followed"),
        (
            Fault("resolve.*unet/diff", status=302, headers={"Location": "http://u:p@h/"}),
            "not followed",
        ),
        (Fault("resolve.*unet/diff", status=302, headers={"Location": "http://[::1"}), "Invalid URL"),
        (
            Fault("resolve.*unet/diff", status=404, headers={"X-Error-Code": "EntryNotFound"}),
            "not there any more",
        ),
        (Fault("unet-diff", server="cdn", status=403), "does not give"),
        (Fault("unet-diff", server="cdn", status=404), "not there any more"),
        (Fault("unet-diff", server="cdn", cut_after=0), "5 times in a row"),
        (Fault("unet-diff", server="cdn", cut_after=100), "goes on where it stopped"),
        (Fault("unet-diff", server="cdn", status=416), "416"),
        (Fault("unet-diff", server="cdn", status=206, body=b"x"), "another part of the file"),
    ],
    ids=lambda value: f"{value.status or 'cut'}-{value.path}" if isinstance(value, Fault) else value[:30],
)
def test_a_fault_that_stays_is_one_sentence(run: Run, fault: Fault, match: str) -> None:
    add_source(run.hub)
    run.hub.faults.append(fault)
    refused(run, match)


@pytest.mark.parametrize("name", [UNET, "unet/config.json", "tokenizer/merges.txt", "model_index.json"])
@pytest.mark.parametrize(
    "change",
    [
        lambda body: body[:-1] + bytes([body[-1] ^ 1]),
        lambda body: bytes(len(body)),
        lambda body: body[:-1],
        lambda body: body + b"!",
        lambda body: b"version https://git-lfs.github.com/spec/v1\n",
        lambda body: body * 50,
    ],
    ids=["a bit", "zeros", "a byte less", "a byte more", "a pointer", "fifty times"],
)
def test_wrong_bytes_and_sizes_are_refused_by_name(
    run: Run, name: str, change: Callable[[bytes], bytes]
) -> None:
    add_source(run.hub)
    server, path = ("cdn", name.replace("/", "-")) if name == UNET else ("hub", f"resolve/.*{name}")
    run.hub.faults.append(Fault(re.escape(path) if server == "cdn" else path, server=server, change=change))
    assert name in refused(run, "other bytes than|bytes or more|ended too early")
    if name != "model_index.json":
        assert not list(run.data.glob(f"cache/hub/*/*/{name}"))
    assert not list(run.data.rglob("hub.json"))


@pytest.mark.parametrize("claims", [10, 4999, 5001, 10**12])
def test_an_answer_that_claims_another_size(run: Run, claims: int) -> None:
    add_source(run.hub)
    run.hub.faults.append(Fault("unet-diff", server="cdn", claims=claims))
    assert UNET in refused(run, "bytes or more, the Hub lists 5000")
    assert not list(run.data.rglob("*.part"))


def test_a_full_disk_keeps_what_has_come(run: Run) -> None:
    """A limit on the size of files stands in for the disk: the write ends with an error of the system."""
    resource = pytest.importorskip("resource")
    import signal

    repo = run.hub.add(Repo(NAME, {**add_source(run.hub).files, UNET: content("unet", 400_000)}))
    before, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        refused(run, "is full .*make room.*goes on where it stopped")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    (part,) = run.data.rglob("*.part")
    assert part.stat().st_size == 100_000
    run.hub.seen.clear()
    assert (run.fetch().folder / UNET).read_bytes() == repo.files[UNET]
    assert run.hub.requests("cdn", "unet-diff")[0].headers["Range"] == "bytes=100000-"


def test_too_little_room_is_said_with_the_amount_before_the_first_byte(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    add_source(run.hub)
    small = type(shutil.disk_usage("."))(10**9, 10**9 - 20_000_000, 20_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: small)
    refused(run, r"needs 0.00 GB of downloads, and 0.07 GB to convert it, and 0.02 GB are free")
    assert run.hub.requests("cdn") == []
    assert run.check_accepted() == 0


def test_a_place_that_is_taken_is_said_before_the_first_byte(run: Run) -> None:
    add_source(run.hub)
    run.data.mkdir()
    refused(run, "exists already", converted=run.data)
    assert run.hub.requests("cdn") == []


# What is not the Hub


def test_nobody_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run.hub.url = "http://127.0.0.1:9"
    sentence = refused(run, "cannot be reached")
    assert "HF_ENDPOINT" in sentence
    assert "docs/models.md" in sentence


@pytest.mark.parametrize(
    "endpoint", ["ftp://x", "huggingface.co", "https://", "https://u:p@h", "https://h?x", "::"]
)
def test_an_endpoint_that_is_none(endpoint: str) -> None:
    with pytest.raises(HubError, match="HF_ENDPOINT is no address"):
        HubClient({"HF_ENDPOINT": endpoint}, None)


@pytest.mark.parametrize("proxy", ["nonsense://x", "http://[", "socks5://127.0.0.1:1"])
def test_a_proxy_that_cannot_be_used(hub: Hub, proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(HubError, match="prox"):
        HubClient({"HF_ENDPOINT": "http://hub.example"}, None, Patience(tries=1)).listing("a/b", "main")


def test_a_proxy_is_used_and_sees_no_token(hub: Hub, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Hub on loopback is the proxy: it is asked for an address on another host."""
    monkeypatch.setenv("HTTP_PROXY", hub.url)
    hub.url = "http://hub.example"
    run.token = TOKEN
    refused(run, "there is no")
    (seen,) = hub.requests("hub")
    assert seen.path.startswith("http://hub.example/api/models/")
    assert "Authorization" not in seen.headers


def test_silence_is_a_fault_like_others(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        run.hub.url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        run.patience = Patience(first_wait=0.001, silence=0.05, tries=2)
        refused(run, "the connection broke")


def test_a_repository_that_is_no_pipeline_we_know(run: Run) -> None:
    repo = add_source(run.hub)
    for change, match in (
        ({"model_index.json": index("FluxPipeline", unet=[None, None])}, "without a UNet"),
        ({"model_index.json": index("KolorsPipeline")}, "KolorsPipeline, which cannot be converted"),
        ({"model_index.json": b"[]"}, "is no JSON object"),
        ({"model_index.json": b"{"}, "is no JSON object"),
    ):
        run.hub.add(Repo(NAME, {**repo.files, **change}))
        refused(run, match)
    assert run.hub.requests("cdn") == []
