"""Where the token is looked for, in which order, and that it shows nowhere."""

import logging
import os
import stat
import sys
from pathlib import Path

import pytest
from hub_repos import NAME, TOKEN, Run, add_source

from optimize.hub.token import Token, find_token, write_token
from runtime.errors import InvalidRequest

OTHERS = [f"hf_{letter * 34}" for letter in "abcd"]


def found(token_file: Path | None, environment: dict[str, str], beside: Path) -> str:
    token = find_token(token_file, environment, beside)
    assert token is not None
    return token.header.removeprefix("Bearer ")


def test_the_first_of_file_token_txt_variable_and_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, beside, variable, stored = OTHERS
    (tmp_path / "mine").write_text(f"{named}\nwith a note\n")
    (tmp_path / "token.txt").write_text(f"\ufeff{beside}\r\n", encoding="utf-8")
    (tmp_path / "store").write_text(stored)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "store"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    environment = {"HF_TOKEN": f" {variable} "}
    assert found(tmp_path / "mine", environment, tmp_path) == named
    assert found(None, environment, tmp_path) == beside
    (tmp_path / "token.txt").write_text("\n")
    assert found(None, environment, tmp_path) == variable
    assert found(None, {}, tmp_path) == stored
    assert find_token(None, {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}, tmp_path) is None
    (tmp_path / "store").unlink()
    assert find_token(None, {}, tmp_path) is None


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"two words", b"caf\xc3\xa9", b"\xff\xfe\x00", b"x" * 5000, b"a\x00b"]
)
def test_a_file_without_a_token_is_refused_without_quoting_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InvalidRequest, match="alone on its first line") as caught:
        find_token(path, {}, tmp_path)
    assert str(path) in str(caught.value)
    assert "words" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"cannot be read .*--token-file"):
        find_token(tmp_path / "none", {}, tmp_path)


def test_a_token_shows_itself_in_no_text() -> None:
    token = Token(TOKEN, "a test")
    for text in (repr(token), str(token), f"{token}", f"{[token]}"):
        assert TOKEN not in text
    assert token.hidden_in(f"a {TOKEN} b") == "a *** b"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_a_written_token_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "token.txt"
    path.write_text("an old one that everybody may read")
    path.chmod(0o666)
    before = os.umask(0)
    try:
        write_token(path, f" {TOKEN}\n")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert found(None, {}, tmp_path) == TOKEN
    with pytest.raises(InvalidRequest, match="holds no token"):
        write_token(path, "two words")


def test_nothing_is_logged_of_a_token(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    add_source(run.hub, gated="auto", readers=frozenset({TOKEN}))
    run.hub.tokens.add(TOKEN)
    run.token = TOKEN
    run.fetch(NAME)
    assert any("HTTP Request" in record.getMessage() for record in caplog.records)
    assert TOKEN not in caplog.text
