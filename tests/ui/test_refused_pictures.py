from pathlib import Path

import pytest

from tests.runtime.hostile_pictures import good_files
from ui.cli import main


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("text.png", b"a cat", "is no picture of a kind that is read"),
        ("cut.png", good_files()["png"][:-99], "is cut off"),
        ("drawing.svg", b"<svg/>", "is an SVG drawing"),
        ("missing.png", None, "does not exist"),
    ],
)
def test_refused_picture_is_one_sentence_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes | None, reason: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    status = main(["generate", "a house", "--image", str(path), "--data-dir", str(tmp_path / "data")])
    said = capsys.readouterr()
    assert status == 2
    assert said.out == ""
    assert said.err.startswith(f"lapdraw: {path} {reason}")
    assert said.err.count("\n") == 1
    assert not (tmp_path / "data" / "outputs").exists()
