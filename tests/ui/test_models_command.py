"""`models` says what each folder can do, to people and to programs."""

import json
from pathlib import Path

import pytest

from tests.runtime.model_folders import write_unconditional, write_upscaler
from ui.cli import main


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_upscaler(tmp_path / "models" / "larger")
    write_unconditional(tmp_path / "models" / "moths")
    (tmp_path / "models" / "broken").mkdir()
    return tmp_path


def test_list_names_the_tasks(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--data-dir", str(data)]) == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert rows["larger"].endswith("512x512, 0 MB: upscale")
    assert rows["moths"].endswith("32x32, 0 MB: unconditional")
    assert "text-to-image, image-to-image, inpaint, outpaint (bundled)" in rows["demo-scenes"]
    assert "model_index.json is missing" in rows["broken"]


def test_list_and_show_give_the_tasks_to_programs(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["models", "--data-dir", str(data), "--json"])
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["moths"]["tasks"] == ["unconditional"]
    assert "tasks" not in rows["broken"]
    main(["models", "show", "larger", "--data-dir", str(data), "--json"])
    assert json.loads(capsys.readouterr().out)["tasks"] == ["upscale"]


def test_show_names_the_tasks(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["models", "show", "demo-scenes"])
    lines = capsys.readouterr().out.splitlines()
    assert "tasks:                  text-to-image, image-to-image, inpaint, outpaint" in lines
