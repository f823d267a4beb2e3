"""What was fetched from the Hub: how much of it whose it is, and deleting no more than was asked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.errors import InvalidRequest, ModelFolderError
from tests.runtime.model_folders import write_ir, write_manifest
from tests.ui.fetched_folders import COMMIT, put_model, put_source
from ui.cli import main
from ui.fetched_sources import fetched_sources, remove_fetched, remove_with_source, sources_of

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import sys
from pathlib import Path
from runtime.file_lock import take_lock
held = take_lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_each_fetched_folder_knows_its_models_and_what_it_takes(tmp_path: Path) -> None:
    assert fetched_sources(tmp_path) == ()
    source = put_source(tmp_path)
    put_source(tmp_path, "other/one-two")
    parts = source.parent / "parts"
    parts.mkdir()
    (parts / "half.part").write_bytes(bytes(70))
    for name in ("a", "b"):
        put_model(tmp_path, name, source)
    put_model(tmp_path, "by-hand", None)
    found = {row.path: row for row in fetched_sources(tmp_path)}
    assert found[source].models == ("a", "b")
    assert (found[source].repository, found[source].bytes) == ("ORG/NAME", 1002)
    assert (found[parts].models, found[parts].bytes) == ((), 70)
    assert {row.repository for row in found.values()} == {"ORG/NAME", "other/one-two"}
    assert [row.path for row in sources_of("a", tmp_path)] == [source]
    assert sources_of("by-hand", tmp_path) == ()


def test_what_another_folder_holds_too_is_not_counted_as_freed(tmp_path: Path) -> None:
    first = put_source(tmp_path)
    second = put_source(tmp_path, commit="d" * 40)
    (second / "unet" / "w.safetensors").unlink()
    os.link(first / "unet" / "w.safetensors", second / "unet" / "w.safetensors")
    assert [row.bytes for row in fetched_sources(tmp_path)] == [2, 2]
    (second / "unet" / "w.safetensors").unlink()
    assert [row.bytes for row in fetched_sources(tmp_path)] == [1002, 2]


def test_a_model_goes_with_its_source_and_nothing_else_does(tmp_path: Path) -> None:
    source = put_source(tmp_path)
    other = put_source(tmp_path, commit="d" * 40)
    put_model(tmp_path, "mine", source)
    put_model(tmp_path, "others", other)
    removed = remove_with_source("mine", tmp_path)
    assert (removed.source_bytes, removed.kept) == (1002, ())
    assert removed.model_bytes > 0
    assert [path.name for path in source.parent.iterdir()] == [other.name]
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["others"]
    remove_with_source("others", tmp_path)
    assert list((tmp_path / "cache" / "hub").iterdir()) == []


def test_a_source_that_another_model_names_stays(tmp_path: Path) -> None:
    source = put_source(tmp_path)
    for name in ("mine", "others"):
        put_model(tmp_path, name, source)
    removed = remove_with_source("mine", tmp_path)
    assert removed.source_bytes == 0
    assert [(row.path, row.models) for row in removed.kept] == [(source, ("mine", "others"))]
    assert source.is_dir()
    assert not (tmp_path / "models" / "mine").exists()


def test_nothing_is_deleted_while_somebody_fetches_or_converts_it(tmp_path: Path) -> None:
    source = put_source(tmp_path)
    put_model(tmp_path, "mine", source)
    for used in ("mine", "ORG/NAME", str(source), str(source / "unet")):
        with pytest.raises(InvalidRequest, match="needed by a job"):
            remove_with_source("mine", tmp_path, {"fp16", used})
    command = [sys.executable, "-c", HOLD, str(source.parent / "lock")]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for remove, name in ((remove_with_source, "mine"), (remove_fetched, "ORG/NAME")):
            with pytest.raises(InvalidRequest, match="being fetched by another process"):
                remove(name, tmp_path)
        holder.communicate("")
    assert source.is_dir()
    assert (tmp_path / "models" / "mine").is_dir()
    remove_with_source("mine", tmp_path)
    assert not source.exists()


def test_links_and_names_that_are_no_repositories_are_left_alone(tmp_path: Path) -> None:
    hub = tmp_path / "cache" / "hub"
    outside = tmp_path / "outside"
    (outside / COMMIT).mkdir(parents=True)
    (hub / "models----etc").mkdir(parents=True)
    (hub / "notes").mkdir()
    (hub / "models--a--b").symlink_to(outside, target_is_directory=True)
    assert fetched_sources(tmp_path) == ()
    for name in ("a/b", "../outside", "notes"):
        with pytest.raises(InvalidRequest, match="there is nothing"):
            remove_fetched(name, tmp_path)
    with pytest.raises(ModelFolderError, match="there is no model"):
        remove_with_source("../outside", tmp_path)
    assert (outside / COMMIT).is_dir()


def test_a_manifest_that_names_no_folder_of_any_system_belongs_to_nothing(tmp_path: Path) -> None:
    source = put_source(tmp_path)
    write_manifest(write_ir(tmp_path / "models" / "odd"), "ORG/NAME", revision=COMMIT, folder="\x00")
    (put_model(tmp_path, "torn", source) / "manifest.json").write_bytes(b"{")
    assert [row.models for row in fetched_sources(tmp_path)] == [()]


def test_the_command_line_frees_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put_source(tmp_path, size=2_000_000)
    for name in ("one", "two", "three"):
        put_model(tmp_path, name, source)

    def models(*arguments: str) -> tuple[str, str]:
        assert main(["models", *arguments, "--data-dir", str(tmp_path)]) == 0
        return capsys.readouterr()

    listed = models()
    assert "(hub ORG/NAME@cccccccc)" in listed.out
    assert "holds 2.0 MB of fetched sources, 0.0 MB of them of no model here (ORG/NAME)" in listed.err
    said = models("remove", "one")
    assert said.out == "removed one\n"
    assert f"{source} (2.0 MB) stays and is the source of three, two" in said.err
    assert f"{source} stays, it is also the source of three" in models("remove", "two", "--source").err
    assert "three had it as the source" in models("remove", "ORG/NAME").err
    assert not source.exists()
    assert "removed three, and 0.0 MB" in models("remove", "three", "--source").out
    put_source(tmp_path)
    assert models("remove", "ORG/NAME") == ("removed what was fetched of ORG/NAME: 0.0 MB\n", "")
    assert main(["models", "remove", "ORG/NAME", "--data-dir", str(tmp_path)]) == 2
    assert "nothing of ORG/NAME is in" in capsys.readouterr().err
    assert main(["models", "show", "one", "--source", "--data-dir", str(tmp_path)]) == 2
    assert "--source belongs to models remove NAME" in capsys.readouterr().err
