"""What the manifest says of a model that was fetched and converted."""

import json
import shutil
from pathlib import Path

import pytest
from hub_repos import Run, add_source

from optimize import export_model
from runtime.hub_record import HubRecord, read_record, write_record
from runtime.manifest import Manifest, Source
from runtime.model_card import ModelCard
from runtime.model_folder import ModelFolder
from tests.recorded import Recorded

COMMIT = "c" * 40
CARD = ModelCard(license="mit", trigger_words=("a photo of sks dog",))


def test_the_manifest_names_repository_and_commit_and_still_finds_the_source(
    tiny_source: Path, recorded: Recorded, tmp_path: Path
) -> None:
    folder = tmp_path / "cache" / "hub" / "models--a--b" / COMMIT
    shutil.copytree(tiny_source, folder)
    write_record(folder, HubRecord(repository="a/b", commit=COMMIT, card=CARD))
    made = export_model(folder, tmp_path / "models" / "b", convert=recorded)
    assert made.manifest is not None
    assert (made.manifest.source.location, made.manifest.source.revision) == ("a/b", COMMIT)
    assert made.manifest.source.card == CARD
    assert made.source_path == folder.resolve()
    shutil.rmtree(folder)
    assert ModelFolder(made.path).source_path is None


def test_what_the_page_says_goes_with_the_files(tmp_path: Path) -> None:
    write_record(tmp_path, HubRecord(repository="a/b", commit=COMMIT, card=CARD))
    assert read_record(tmp_path) == HubRecord(repository="a/b", commit=COMMIT, card=CARD)
    older = {"repository": "a/b", "commit": COMMIT, "variant": None}
    (tmp_path / "hub.json").write_text(json.dumps(older), encoding="utf-8")
    assert read_record(tmp_path) == HubRecord(repository="a/b", commit=COMMIT)
    for card in ([], {"license": 5}, {"colour": "red"}, None):
        (tmp_path / "hub.json").write_text(json.dumps(older | {"card": card}), encoding="utf-8")
        assert read_record(tmp_path) == HubRecord(repository="a/b", commit=COMMIT)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ({"license": "mit"}, {"license": "mit"}),
        ({"instance_prompt": "a photo of <b>sks</b> dog"}, {"trigger_words": ["a photo of sks dog"]}),
        (
            {"license": "other", "license_name": "a  licence\x1b <b>of mine</b>"},
            {"license": "a licence of mine"},
        ),
        ({"license": "other"}, {"license": "other"}),
        ({"license": ["mit", "apache-2.0"]}, {}),
        ({}, {}),
        (None, {}),
        ("mit", {}),
        ({"license": "x" * 10**6}, {"license": "x" * 200}),
    ],
)
def test_what_the_hub_lists_of_the_page_is_cleaned(run: Run, told: object, kept: dict[str, object]) -> None:
    add_source(run.hub, listed=lambda answer: answer | {"cardData": told})
    record = read_record(run.fetch().folder)
    assert record is not None
    assert record.card.to_dict() == kept


def test_a_manifest_without_a_fetched_folder_is_written_as_before() -> None:
    manifest = Manifest(
        source=Source(location="../x"), precision="fp16", tools={}, created="now", errors={}, files={}
    )
    assert set(json.loads(manifest.to_bytes())["source"]) == {"location", "revision", "sha256"}
    assert Manifest.from_bytes(manifest.to_bytes(), "it") == manifest


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"repository": "../x", "commit": "a", "variant": null}', '{"repository": 5}', "\xff"],
)
def test_a_note_that_is_none_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "hub.json").write_text(text, encoding="latin-1")
    assert read_record(tmp_path) is None
