"""What `models` tells of where a model is from, and of what strangers wrote into it."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.known_files import KnownFiles
from runtime.model_card import ModelCard
from runtime.model_folder import ModelFolder
from tests.runtime.model_folders import write_ir, write_manifest
from tests.safetensors_files import checkpoint_shapes, header_of, write_header
from tests.ui.fetched_folders import COMMIT, put_model, put_source
from ui.cli import main
from ui.model_facts import facts_of, origin_of
from ui.models_words import fact_lines

ROOT = Path(__file__).resolve().parents[2]
DIGEST = "6ce0161689b3853acaa03779ec93eafe75a02f4ced659bee03f50797806fa2fa"
CARD = ModelCard(title="梦", license="openrail", trigger_words=("sks dog", "<lora>"), tags=("sky",))
LIST_KEYS = ["name", "path", "bundled", "bytes", "tasks", "precision", "width", "height", "megabytes"]
SHOW_KEYS = {
    *("name", "path", "bundled", "bytes", "component_bytes", "tasks", "pipeline", "components", "precision"),
    *("width", "height", "prediction_type", "source", "card", "created", "tools", "errors", "quantization"),
    *("files", "notes"),
}
SOURCE_KEYS = {
    *("kind", "name", "revision", "sha256", "short_hash", "page", "location", "file_sha256", "notes"),
    "fetched",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    put_model(tmp_path, "from-hub", put_source(tmp_path))
    sums = {"dream.safetensors": DIGEST, "vae/v.safetensors": "0" * 64}
    write_manifest(
        write_ir(tmp_path / "models" / "from-file"),
        "../../webui/dream.safetensors",
        sha256=sums,
        card=CARD,
        notes=("recognised as Stable Diffusion 1.x",),
    )
    write_manifest(write_ir(tmp_path / "models" / "from-folder"), "../../sources/mine")
    cached = f"../../.cache/huggingface/hub/models--a--b-c/snapshots/{COMMIT}"
    write_manifest(write_ir(tmp_path / "models" / "from-cache"), cached)
    write_ir(tmp_path / "models" / "by-hand")
    return tmp_path


def shown(capsys: pytest.CaptureFixture[str], data: Path, *arguments: str) -> Any:
    assert main(["models", *arguments, "--data-dir", str(data), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_each_kind_of_origin_is_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["name"]: row for row in shown(capsys, data)}
    words = {name: row["source_words"] for name, row in rows.items()}
    assert words["from-hub"] == "hub ORG/NAME@cccccccc"
    assert words["from-cache"] == "hub a/b-c@cccccccc"
    assert words["from-file"] == "file dream.safetensors [6ce0161689]"
    assert (words["from-folder"], words["by-hand"]) == ("folder mine", "unknown")
    assert words["demo-scenes"] == "bundled"
    for row in rows.values():
        assert list(row) == [*LIST_KEYS, "source", "source_words"]
    assert rows["from-hub"]["source"]["page"] == f"https://huggingface.co/ORG/NAME/tree/{'c' * 40}"
    assert rows["from-file"]["source"]["sha256"] == DIGEST


def test_show_has_the_same_keys_for_every_model(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("from-hub", "from-file", "from-folder", "by-hand", "demo-scenes"):
        facts = shown(capsys, data, "show", name)
        assert facts.keys() == SHOW_KEYS
        assert facts["source"].keys() == SOURCE_KEYS
        assert sum(facts["component_bytes"].values()) == facts["bytes"]
    found = shown(capsys, data, "show", "from-hub")["source"]["fetched"]
    assert [(row["bytes"], row["models"]) for row in found] == [(1002, ["from-hub"])]
    made = shown(capsys, data, "show", "from-file")
    assert made["source"]["location"] == str((data / "webui" / "dream.safetensors").resolve())
    assert made["card"]["trigger_words"] == ["sks dog", "<lora>"]
    assert shown(capsys, data, "show", "by-hand")["source"]["location"] is None


def test_show_tells_people_what_is_known(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["models", "show", "from-file", "--data-dir", str(data)])
    lines = capsys.readouterr().out.splitlines()
    for text in (
        "title:                  梦",
        "licence:                openrail",
        "frequent tags:          sky",
    ):
        assert text in lines
    place = (data / "webui" / "dream.safetensors").resolve()
    assert f"source:                 file {place} [6ce0161689]" in lines
    assert f"sha256 of the source:   dream.safetensors: {DIGEST}" in lines
    at = lines.index("trigger words:          sks dog")
    assert lines[at + 1] == " " * 24 + "<lora>"
    assert "error against PyTorch:  unet: fp16 2.0e-04, fp32 1.0e-06" in lines
    assert any(
        line.startswith("files:                  15, all of the right size; 0 of them") for line in lines
    )
    assert not any(line.startswith(("author", "int8", "page")) for line in lines)


def test_files_that_were_read_before_are_told_apart(data: Path) -> None:
    path = data / "models" / "from-file"
    for file in path.rglob("*"):
        os.utime(file, (1, 1))  # long ago, so that their times can be relied on
    folder = ModelFolder(path)
    before = facts_of(folder, data)["files"]
    memory = KnownFiles(data / "cache" / "known-files.json")
    memory._entries = {
        str(file.resolve()): [s.st_size, s.st_ino, s.st_mtime_ns, s.st_ctime_ns, hash_of(file)]
        for file in (path / "unet").iterdir()
        for s in [file.stat()]
    }
    memory._changed = True
    memory.save()
    count = len(list((path / "unet").iterdir()))
    assert (before["known_unchanged"], facts_of(folder, data)["files"]["known_unchanged"]) == (0, count)
    weights = path / "unet" / "openvino_model.bin"
    weights.write_bytes(weights.read_bytes()[::-1])
    assert facts_of(folder, data)["files"]["known_unchanged"] == count - 1


def hash_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30), st.booleans())
def test_whatever_a_manifest_names_as_its_source_is_told_on_one_line(
    tmp_path: Path, location: str, note: str, from_hub: bool
) -> None:
    folder = tmp_path / "models" / "odd"
    if not folder.exists():
        write_ir(folder)
    write_manifest(folder, location, notes=(note,), revision=location if from_hub else None)
    facts = facts_of(ModelFolder(folder), tmp_path)
    for line in fact_lines(facts):
        assert len(line.splitlines()) == 1
        assert "\x1b" not in line
    json.dumps(facts)
    assert not origin_of(ModelFolder(folder)).page or "/" in location


def test_a_terminal_that_knows_few_letters_gets_all_of_it(data: Path) -> None:
    command = [sys.executable, "-m", "ui.cli", "models", "show", "from-file", "--data-dir", str(data)]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "title:                  \\u68a6" in ended.stdout


def test_checkpoints_tell_title_and_words_and_their_hash_only_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = {"modelspec.title": "Dream", "modelspec.trigger_phrase": "sks <b>dog</b>"}
    file = write_header(tmp_path / "a.safetensors", header_of(checkpoint_shapes(768), metadata=metadata))
    (tmp_path / "old.ckpt").write_bytes(b"\x80")
    assert main(["models", "--checkpoints", str(tmp_path), "--hash"]) == 0
    digest = hash_of(file)
    assert capsys.readouterr().out.splitlines()[:3] == [
        f"{'a':<40}   0.00 GB  Stable Diffusion 1.x [{digest[:10]}]",
        "    title: Dream",
        "    trigger words: sks dog",
    ]
    main(["models", "--checkpoints", str(tmp_path), "--hash", "--json"])
    row, refused = json.loads(capsys.readouterr().out)
    assert (row["sha256"], row["card"]["title"]) == (digest, "Dream")
    assert "sha256" not in refused
    monkeypatch.setattr("ui.checkpoints_list.hash_of", lambda path: pytest.fail(f"{path} was hashed"))
    assert main(["models", "--checkpoints", str(tmp_path)]) == 0
    assert main(["models", "list", "--hash"]) == 2
    assert "--hash belongs to models --checkpoints" in capsys.readouterr().err
