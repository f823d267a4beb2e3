"""The checkpoints of other programs are found where those keep them, and told apart."""

import json
import os
from pathlib import Path

import pytest

from tests.safetensors_files import checkpoint_shapes, header_of, write_header
from ui.checkpoint_files import describe, find_checkpoints, usual_places
from ui.cli import main


def put(path: Path, context: int = 768) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_header(path, header_of(checkpoint_shapes(context)))


@pytest.fixture
def webui(tmp_path: Path) -> Path:
    models = tmp_path / "stable-diffusion-webui" / "models"
    put(models / "Stable-diffusion" / "anime" / "b.safetensors", 2048)
    put(models / "Stable-diffusion" / "A.safetensors")
    put(models / "Stable-diffusion" / "A.vae.safetensors")
    put(models / "Stable-diffusion" / ".hidden" / "c.safetensors")
    (models / "Stable-diffusion" / "old.ckpt").write_bytes(b"\x80")
    (models / "Stable-diffusion" / "A.yaml").touch()
    put(models / "VAE" / "soft.safetensors")
    return tmp_path / "stable-diffusion-webui"


def test_a_webui_folder_gives_its_checkpoints_and_then_its_vaes(webui: Path) -> None:
    found = find_checkpoints([webui])
    assert [row.name for row in found] == ["A", "anime/b", "old", "A.vae", "soft"]
    assert [row.is_vae for row in found] == [False, False, False, True, True]
    assert found[0].bytes == found[0].path.stat().st_size
    assert [describe(row)[0] for row in found] == [
        "Stable Diffusion 1.x",
        "Stable Diffusion XL",
        "",
        "VAE",
        "VAE",
    ]
    assert "is a pickle" in describe(found[2])[1]


def test_listing_reads_no_file(webui: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.checkpoint_files.open_checkpoint", lambda path: pytest.fail(f"{path} was read"))
    assert len(find_checkpoints([webui])) == 5


def test_other_places_and_one_file_in_two_of_them(webui: Path, tmp_path: Path) -> None:
    put(tmp_path / "ComfyUI" / "models" / "checkpoints" / "x.safetensors")
    put(tmp_path / "plain" / "y.safetensors")
    places = [webui, webui / "models", tmp_path / "ComfyUI", tmp_path / "plain", tmp_path / "none"]
    assert [row.name for row in find_checkpoints(places)] == [
        "A",
        "anime/b",
        "old",
        "x",
        "y",
        "A.vae",
        "soft",
    ]


def test_links_in_a_circle_end(webui: Path) -> None:
    folder = webui / "models" / "Stable-diffusion"
    try:
        (folder / "again").symlink_to(folder, target_is_directory=True)
        (folder / "gone.safetensors").symlink_to(folder / "nothing")
    except OSError:
        pytest.skip("this system makes no links")
    assert [row.name for row in find_checkpoints([webui])] == ["A", "anime/b", "old", "A.vae", "soft"]


def test_usual_places_are_those_named_or_the_programs_at_home(webui: Path, tmp_path: Path) -> None:
    assert webui in usual_places({}, tmp_path)
    named = {"LAPDRAW_CHECKPOINTS": os.pathsep.join([str(tmp_path / "a"), str(tmp_path / "b")])}
    assert usual_places(named, tmp_path) == [tmp_path / "a", tmp_path / "b"]


def test_the_command_lists_them(webui: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--checkpoints", str(webui)]) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[0].startswith("A ")
    assert lines[0].endswith("Stable Diffusion 1.x")
    assert "is a pickle" in lines[2]
    assert "python launch.py optimize FILE" in shown.err
    main(["models", "--checkpoints", str(webui), "--json"])
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["anime/b"]["kind"] == "Stable Diffusion XL"
    assert rows["old"]["error"]
    assert "kind" not in rows["old"]


def test_a_folder_without_any_and_one_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "--checkpoints", str(tmp_path)]) == 0
    assert f"no checkpoints in {tmp_path}" in capsys.readouterr().err
    assert main(["models", "--checkpoints", str(tmp_path / "none")]) == 2
    assert "there is no folder" in capsys.readouterr().err
