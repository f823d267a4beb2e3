"""Models and compiled models on disk: listed, checked, deleted; names that can be given."""

import json
import shutil
from pathlib import Path

import pytest

from runtime import TextToImage, open_pipeline
from runtime.errors import InvalidRequest, ModelFolderError
from tests.runtime.model_folders import write_ir, write_manifest, write_unconditional
from ui.cli import main
from ui.model_store import (
    compiled_cache,
    folder_bytes,
    listed_model,
    model_rows,
    propose_name,
    remove_model,
    require_model_name,
    verify_model,
)


def test_rows_say_what_each_model_is_and_what_ails_it(tmp_path: Path) -> None:
    write_unconditional(tmp_path / "models" / "moths")
    (tmp_path / "models" / "broken").mkdir()
    rows = {row.name: row for row in model_rows(tmp_path)}
    assert (rows["moths"].tasks, rows["moths"].width, rows["moths"].bundled) == (
        ("unconditional",),
        32,
        False,
    )
    assert rows["moths"].bytes == sum(
        f.stat().st_size for f in rows["moths"].path.rglob("*.*") if f.is_file()
    )
    assert "model_index.json is missing" in rows["broken"].error
    assert rows["demo-scenes"].bundled
    assert rows["demo-scenes"].precision == "fp16"


def test_a_bundled_model_is_not_deleted(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="demo-scenes comes with the program"):
        remove_model("demo-scenes", tmp_path)
    assert listed_model("demo-scenes", tmp_path).path.is_dir()


def test_a_model_in_use_is_not_deleted(tmp_path: Path) -> None:
    write_ir(tmp_path / "models" / "mine")
    with pytest.raises(InvalidRequest, match="mine is needed by a job"):
        remove_model("mine", tmp_path, {"mine"})
    assert listed_model("mine", tmp_path).path.is_dir()


def test_deleting_frees_what_the_model_took_and_leaves_the_others(tmp_path: Path) -> None:
    write_ir(tmp_path / "models" / "mine")
    write_ir(tmp_path / "models" / "other")
    size = folder_bytes(tmp_path / "models" / "mine")
    assert remove_model("mine", tmp_path, {"other"}) == size > 0
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["other"]


def test_a_path_is_never_taken_for_a_name(tmp_path: Path) -> None:
    elsewhere = write_ir(tmp_path / "elsewhere")
    for name in (str(elsewhere), "../elsewhere", "models/../../elsewhere", ""):
        with pytest.raises(ModelFolderError, match="there is no model"):
            listed_model(name, tmp_path)
        with pytest.raises(ModelFolderError, match="there is no model"):
            remove_model(name, tmp_path)
    assert elsewhere.is_dir()


def test_verify_names_the_file_that_changed(tmp_path: Path) -> None:
    folder = write_ir(tmp_path / "models" / "mine")
    assert "not verified" in verify_model(listed_model("mine", tmp_path).open())
    write_manifest(folder)
    assert verify_model(listed_model("mine", tmp_path).open()) == "every file is as it was written"
    weights = folder / "unet" / "openvino_model.bin"
    weights.write_bytes(bytes(len(weights.read_bytes())))
    with pytest.raises(ModelFolderError, match=r"unet.openvino_model\.bin is damaged"):
        verify_model(listed_model("mine", tmp_path).open())


def test_the_command_line_does_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_ir(tmp_path / "models" / "mine")
    main(["models", "--data-dir", str(tmp_path), "--json"])
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert listed["mine"]["megabytes"] == folder_bytes(tmp_path / "models" / "mine") / 1e6
    assert main(["models", "remove", "demo-scenes", "--data-dir", str(tmp_path)]) == 2
    assert main(["models", "remove", "mine", "--data-dir", str(tmp_path)]) == 0
    assert not (tmp_path / "models" / "mine").exists()


@pytest.mark.parametrize("name", ["a", "SD 1.5 fp16", "x" * 100, "a_b-c.d"])
def test_a_name_that_can_be_given(name: str) -> None:
    assert require_model_name(name) == name


@pytest.mark.parametrize("name", ["", ".x", "a/b", "a\\b", "..", "x" * 101, "a.", "a ", "日本", "a\n", "C:x"])
def test_a_name_that_cannot_be_given(name: str) -> None:
    with pytest.raises(InvalidRequest, match="cannot be a model's name"):
        require_model_name(name)


def test_a_name_is_proposed_that_is_free_and_possible(tmp_path: Path) -> None:
    assert propose_name("stabilityai/stable-diffusion-2-1-base", "fp16", tmp_path) == (
        "stable-diffusion-2-1-base-fp16"
    )
    assert propose_name("日本", "fp32", tmp_path) == "model-fp32"
    (tmp_path / "models" / "mine-fp16").mkdir(parents=True)
    (tmp_path / "models" / "mine-fp16-2").mkdir()
    assert propose_name("mine", "fp16", tmp_path) == "mine-fp16-3"
    for source in ("a (0123abcd)", "-._", "x" * 300, "a/b/c d"):
        require_model_name(propose_name(source, "fp16", tmp_path))


def test_a_cleared_cache_is_made_again_and_the_picture_stays_the_same(tmp_path: Path) -> None:
    def picture() -> bytes:
        request = TextToImage(prompt="a red house", seed=3, num_inference_steps=2, width=64, height=64)
        with open_pipeline("demo-scenes", device="cpu", data_dir=tmp_path) as pipeline:
            return bytes(pipeline.generate(request).result().images[0].tobytes())

    cache = compiled_cache(tmp_path)
    first = picture()
    entries = {entry.name for entry in cache.folder.iterdir()}
    assert cache.size_bytes() == cache.clear() > 0
    assert list(cache.folder.iterdir()) == []
    assert picture() == first
    assert {entry.name for entry in cache.folder.iterdir()} == entries != set()


def test_folder_bytes_counts_each_file_once_and_no_links(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "one").write_bytes(bytes(10))
    (tmp_path / "a" / "b" / "two").write_bytes(bytes(20))
    (tmp_path / "a" / "link").symlink_to(tmp_path / "a" / "b" / "two")
    assert folder_bytes(tmp_path / "a") == 30
    assert folder_bytes(tmp_path / "none") == 0
    shutil.rmtree(tmp_path / "a")
