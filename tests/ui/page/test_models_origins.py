"""The Optimize tab's origins: one group of fields at a time, single files, VAEs, what was fetched before."""

from pathlib import Path
from typing import Any

import pytest
from fake_engine import MakePage
from models_driver import DEMO, driver
from tab_driver import TabDriver

from runtime.places import BUNDLED_SOURCES
from tests.runtime.model_folders import write_source
from tests.safetensors_files import checkpoint_shapes, header_of, write_header


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No Hub cache, and a folder of A1111 with a model, one without VAE, a pickle and a VAE."""
    models = tmp_path / "webui" / "models"
    for folder in ("Stable-diffusion", "VAE"):
        (models / folder).mkdir(parents=True)
    write_header(models / "Stable-diffusion" / "bare.safetensors", header_of(_shapes(vae=False)))
    write_header(models / "Stable-diffusion" / "whole.safetensors", header_of(_shapes()))
    (models / "Stable-diffusion" / "old.ckpt").write_bytes(b"\x80")
    write_header(models / "VAE" / "soft.safetensors", header_of(_shapes()))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no-hub"))
    monkeypatch.setenv("LAPDRAW_CHECKPOINTS", str(tmp_path / "webui"))
    return models


def _shapes(*, vae: bool = True) -> dict[str, tuple[int, ...]]:
    return checkpoint_shapes(768, vae=vae)


def from_file(make_page: MakePage, **changes: Any) -> TabDriver:
    """The tab with a single file chosen, the files looked for."""
    tab = driver(make_page, "optimize", **changes)
    tab.set({"origin": "file", "name": "mine"})
    files = tab.press("origin", "input")[5]
    tab.set({"file": dict(files["choices"])["whole (Stable Diffusion 1.x, 0\N{NO-BREAK SPACE}MB)"]})
    return tab


def look(tab: TabDriver) -> Any:
    """Name, proposal and needs, as any choice shows them."""
    return tab.press("source", "input")


# One group of fields at a time


def test_a_person_who_knows_nothing_sees_what_is_here_and_nothing_is_looked_for(
    make_page: MakePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.page.origin_file.find_checkpoints", lambda places: pytest.fail("looked"))
    tab = driver(make_page, "optimize")
    assert tab._find("origin").value == "folder"
    assert [tab._find(f"origin-{name}").visible for name in ("folder", "hub", "file")] == [True, False, False]
    assert not tab._find("prediction").visible
    assert not tab._find("more").open


@pytest.mark.parametrize(
    ("origin", "shown"),
    [
        ("folder", [True, False, False, True, False]),
        ("hub", [False, True, False, False, False]),
        ("file", [False, False, True, True, True]),
    ],
)
def test_an_origin_shows_its_own_fields(make_page: MakePage, origin: str, shown: list[bool]) -> None:
    tab = driver(make_page, "optimize")
    tab.set({"origin": origin})
    assert [update["visible"] for update in tab.press("origin", "input")[:5]] == shown


# A single file


def test_the_files_of_other_programs_are_offered_by_kind_and_size_and_others_with_the_reason(
    make_page: MakePage, places: Path
) -> None:
    tab = driver(make_page, "optimize")
    tab.set({"origin": "file"})
    files, unusable = tab.press("origin", "input")[5:]
    assert [label for label, _ in files["choices"]] == [
        "bare (Stable Diffusion 1.x, 0\N{NO-BREAK SPACE}MB)",
        "whole (Stable Diffusion 1.x, 0\N{NO-BREAK SPACE}MB)",
    ]
    assert files["value"] == files["choices"][0][1]
    assert "old.ckpt is a pickle" in unusable
    assert str(places) not in str(files) + unusable
    (places / "Stable-diffusion" / "bare.safetensors").unlink()
    assert len(tab.press("file-refresh")[0]["choices"]) == 1


def test_a_file_becomes_a_job(make_page: MakePage, places: Path) -> None:
    tab = from_file(make_page)
    tab.set({"prediction": "v_prediction", "precision": "int8-weights"})
    body = tab.ask("start")[0].body
    assert body == {
        "origin": "file",
        "source": str((places / "Stable-diffusion" / "whole.safetensors").resolve()),
        "prediction_type": "v_prediction",
        "precision": "int8-weights",
        "name": "mine",
    }


def test_what_a_file_needs_is_told_by_its_header(make_page: MakePage, places: Path) -> None:
    tab = from_file(make_page)
    tab.set({"name": ""})
    name, _, needs, *_ = look(tab)
    assert name == "whole-fp16"
    assert "Memory at its peak" in needs
    assert "1.4\N{NO-BREAK SPACE}GB" in needs
    tab.set({"file-path": str(places / "Stable-diffusion" / "old.ckpt")})
    assert "is a pickle" in look(tab)[2]


def test_a_file_without_vae_takes_one_that_was_found(make_page: MakePage, places: Path) -> None:
    tab = from_file(make_page)
    tab.set({"file-path": str(places / "Stable-diffusion" / "bare.safetensors")})
    assert "bare.safetensors has no VAE: choose one under More options" in look(tab)[2]
    assert "has no VAE" in tab.refusal("start")
    found = tab.press("more", "expand")["choices"]
    assert [label for label, _ in found] == ["the model's own", "soft (0\N{NO-BREAK SPACE}MB)"]
    tab.set({"vae": found[1][1]})
    assert "Memory at its peak" in look(tab)[2]
    assert tab.ask("start")[0].body["vae"] == str((places / "VAE" / "soft.safetensors").resolve())


def test_a_folder_takes_another_vae_too(make_page: MakePage, tmp_path: Path) -> None:
    tab = driver(make_page, "optimize")
    vae = BUNDLED_SOURCES / "demo-scenes"
    tab.set({"source": DEMO, "vae-path": str(vae), "name": "mine"})
    assert "Memory at its peak" in look(tab)[2]
    body = tab.ask("start")[0].body
    assert (body["origin"], body["vae"]) == ("folder", str(vae.resolve()))
    tab.set({"vae-path": str(tmp_path / "none"), "name": "other"})
    assert "there is no VAE" in tab.refusal("start")


def test_a_page_for_others_takes_no_path_whatever_they_send(make_page: MakePage, places: Path) -> None:
    tab = from_file(make_page, may_name_folders=False)
    for name in ("file-path", "vae-path"):
        assert not tab._find(name).visible
    paths = {"file-path": str(places / "Stable-diffusion" / "bare.safetensors"), "vae-path": "/"}
    tab.set(paths)
    body = tab.ask("start")[0].body
    assert body["source"].endswith("whole.safetensors")
    assert "vae" not in body
    tab.set({"file": str(places / "Stable-diffusion" / "whole.safetensors"), "name": "other"})
    assert "not there any more" in tab.refusal("start")


def test_what_was_fetched_before_is_among_the_sources(make_page: MakePage, tmp_path: Path) -> None:
    folder = write_source(tmp_path / "cache" / "hub" / "models--somebody--painter" / ("a" * 40))
    (folder / "hub.json").write_text(
        f'{{"repository": "somebody/painter", "commit": "{"a" * 40}", "variant": null}}'
    )
    tab = driver(make_page, "optimize")
    choices = [label for label, _ in tab._find("source").choices]
    assert choices == ["demo-scenes (bundled)", "somebody/painter (fetched from the Hub)"]
    tab.set({"source": "fetched:somebody/painter", "name": "mine"})
    assert tab.ask("start")[0].body["source"] == str(folder.resolve())
