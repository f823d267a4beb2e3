"""Sources are found where people and other programs keep them, without asking anybody."""

import json
from pathlib import Path

import pytest

from runtime.errors import InvalidRequest, ModelFolderError
from tests.runtime.model_folders import write_ir, write_source
from ui.model_sources import find_sources, hub_cache, open_source_folder, source_of

MAIN, OLD = "a" * 40, "b" * 40


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Hub cache: a repository with two snapshots of a model, one of text, one that is cut short."""
    for name in ("HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    repository = tmp_path / "hub" / "models--stabilityai--sd-2-1--base"
    for revision in (MAIN, OLD):
        write_source(repository / "snapshots" / revision)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(MAIN)
    text = tmp_path / "hub" / "models--someone--text" / "snapshots" / MAIN
    text.mkdir(parents=True)
    (text / "config.json").write_text("{}")
    short = write_source(tmp_path / "hub" / "models--someone--short" / "snapshots" / MAIN)
    (short / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    (tmp_path / "hub" / "datasets--someone--pictures").mkdir()
    return tmp_path / "hub"


def test_sources_of_every_place_are_found_and_what_cannot_be_used_comes_last(
    hub: Path, tmp_path: Path
) -> None:
    write_source(tmp_path / "data" / "sources" / "mine")
    write_ir(tmp_path / "data" / "sources" / "an-ir")
    (tmp_path / "data" / "sources" / "empty").mkdir()
    found = find_sources(tmp_path / "data")
    assert [source.key for source in found if not source.error] == [
        "data:mine",
        "bundled:demo-scenes",
        "hub:stabilityai/sd-2-1/base",
        f"hub:stabilityai/sd-2-1/base ({OLD[:8]})",
    ]
    faults = {source.key: source.error for source in found if source.error}
    assert "already holds an OpenVINO model" in faults.pop("data:an-ir")
    assert "holds no weights" in faults.pop(f"hub:someone/short ({MAIN[:8]})")
    assert faults == {}
    assert [bool(source.error) for source in found] == sorted(bool(source.error) for source in found)


def test_what_was_fetched_is_found_once_it_is_whole(hub: Path, tmp_path: Path) -> None:
    repository = tmp_path / "cache" / "hub" / "models--somebody--painter"
    for folder, variant in ((MAIN, None), (f"{OLD}-fp16", "fp16")):
        write_source(repository / folder)
        record = {"repository": "somebody/painter", "commit": folder[:40], "variant": variant}
        (repository / folder / "hub.json").write_text(json.dumps(record))
    write_source(repository / ("c" * 40))  # still being fetched: it has no note yet
    (repository / "parts").mkdir()
    alone = write_source(tmp_path / "cache" / "hub" / "models--a--b" / MAIN)
    (alone / "hub.json").write_text(json.dumps({"repository": "a/b", "commit": MAIN, "variant": None}))
    (alone.parent / OLD).mkdir()
    (alone.parent / OLD / "hub.json").write_text("[")
    found = {source.key: source.path for source in find_sources(tmp_path) if source.place == "fetched"}
    assert found == {
        "fetched:a/b": alone,
        f"fetched:somebody/painter ({MAIN[:8]})": repository / MAIN,
        f"fetched:somebody/painter ({OLD[:8]}, fp16)": repository / f"{OLD}-fp16",
    }


def test_a_key_leads_to_its_folder_and_nothing_else_does(hub: Path, tmp_path: Path) -> None:
    found = source_of("hub:stabilityai/sd-2-1/base", tmp_path)
    assert found.path == hub / "models--stabilityai--sd-2-1--base" / "snapshots" / MAIN
    assert open_source_folder(found.path).kind == "diffusers"
    for key in (str(found.path), "", "data:../hub", "bundled:../models/demo-scenes"):
        with pytest.raises(InvalidRequest, match="is not there any more: press Refresh"):
            source_of(key, tmp_path)
    with pytest.raises(InvalidRequest, match="holds no weights"):
        source_of(f"hub:someone/short ({MAIN[:8]})", tmp_path)


def test_a_folder_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match="there is no model folder"):
        open_source_folder(tmp_path / "none")
    with pytest.raises(InvalidRequest, match="already holds an OpenVINO model"):
        open_source_folder(write_ir(tmp_path / "ir"))


def test_no_cache_and_no_folder_is_nothing_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "none"))
    assert [source.key for source in find_sources(tmp_path)] == ["bundled:demo-scenes"]


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({"HF_HUB_CACHE": "/a", "HF_HOME": "/b"}, "/a"),
        ({"HUGGINGFACE_HUB_CACHE": "/a"}, "/a"),
        ({"HF_HOME": "/b", "XDG_CACHE_HOME": "/c"}, "/b/hub"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub"),
        ({"HF_HUB_CACHE": ""}, "~/.cache/huggingface/hub"),
        ({}, "~/.cache/huggingface/hub"),
    ],
)
def test_the_hubs_own_variables_say_where_its_cache_is(environment: dict[str, str], wanted: str) -> None:
    assert hub_cache(environment) == Path(wanted).expanduser()
