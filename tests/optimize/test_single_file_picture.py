"""The demo's source as one file, converted on the command line, makes the picture that its folder makes."""

import hashlib
import io
import json
from pathlib import Path

import pytest
from PIL import Image

from runtime.model_folder import ModelFolder
from tests.models import DEMO_SOURCE, exported
from tests.optimize.original_layout import CLIP, write_checkpoint
from ui.cli import main


def picture(model: Path, path: Path) -> bytes:
    asked = ["generate", "a red house under a night sky", "--model", str(model), "--seed", "3"]
    assert main([*asked, "--steps", "4", "-o", str(path)]) == 0
    return path.read_bytes()


def test_one_file_makes_the_picture_of_its_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    metadata = {"modelspec.title": "Scenes <b>1</b>", "modelspec.trigger_phrase": "a house of dots"}
    metadata |= {"ss_tag_frequency": json.dumps({"1_a": {"moon": 2, "sun": 3}}), "sshs_model_hash": "x"}
    place = tmp_path / "scenes.safetensors"
    file = write_checkpoint(DEMO_SOURCE, place, text={"text_encoder": CLIP}, metadata=metadata)
    (tmp_path / "scenes.civitai.info").write_text('{"trainedWords": ["dots", "A house of dots"]}', "utf-8")
    options = ["--config", str(DEMO_SOURCE), "--data-dir", str(tmp_path), "--precision", "fp16", "--json"]
    assert main(["optimize", str(file), *options]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["name"] == "scenes-fp16"
    assert answer["notes"] == ["with the configurations of demo-scenes"]

    made, wanted = (
        ModelFolder(tmp_path / "models" / "scenes-fp16"),
        ModelFolder(exported("demo-scenes", "fp16")),
    )
    assert made.components == wanted.components
    assert made.manifest is not None
    assert wanted.manifest is not None
    assert made.manifest.source.notes == tuple(answer["notes"])
    assert made.manifest.source.location.endswith("scenes.safetensors")
    assert set(made.manifest.source.sha256) == {"scenes.safetensors"}
    assert made.manifest.source.card.to_dict() == {
        "title": "Scenes 1",
        "trigger_words": ["a house of dots", "dots"],
        "tags": ["sun", "moon"],
    }
    assert main(["models", "show", answer["name"], "--data-dir", str(tmp_path), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)["source"]
    assert shown["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (shown["kind"], shown["location"]) == ("file", str(file.resolve()))
    names = {name for name in wanted.manifest.files if name.endswith((".bin", ".txt"))}
    for name in sorted(names):
        assert made.manifest.files[name].sha256 == wanted.manifest.files[name].sha256, name
    capsys.readouterr()
    folder = tmp_path / "pictures"
    assert _pixels(picture(made.path, folder / "a.png")) == _pixels(picture(wanted.path, folder / "b.png"))


def _pixels(png: bytes) -> bytes:
    return Image.open(io.BytesIO(png)).tobytes()
