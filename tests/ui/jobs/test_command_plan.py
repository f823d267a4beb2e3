"""What a job of `optimize` runs, for each origin of a model, and what is refused before it is stored."""

import os
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import InvalidRequest, LapdrawError
from runtime.places import BUNDLED_SOURCES, CHECKOUT
from tests.runtime.model_folders import write_ir
from tests.safetensors_files import checkpoint_shapes, header_of, write_header
from ui.jobs.command_plan import check_command, plan_command
from ui.jobs.token import keep_token

SOURCE = str(BUNDLED_SOURCES / "demo-scenes")
HUB = {"origin": "hub", "source": "somebody/painter", "precision": "fp16", "name": "painter"}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return write_header(tmp_path / "x.safetensors", header_of(checkpoint_shapes(768)))


def words(body: dict[str, Any], folder: Path) -> list[str]:
    """The arguments of launch.py, after they were found right."""
    check_command("optimize", body, folder / "data")
    plan = plan_command("optimize", body, folder)
    assert plan.folder == CHECKOUT
    return list(plan.arguments)


def test_a_folder_is_converted_as_it_always_was(tmp_path: Path) -> None:
    body = {"source": SOURCE, "precision": "fp32", "name": "mine"}
    plain = ["optimize", SOURCE, "--precision", "fp32", "--name", "mine", "--json"]
    assert words(body, tmp_path) == plain
    assert words({**body, "origin": "folder", "vae": SOURCE}, tmp_path) == [*plain, "--vae", SOURCE]


def test_a_model_of_the_hub_is_asked_for_with_what_was_chosen(tmp_path: Path) -> None:
    plain = ["optimize", "somebody/painter", "--precision", "fp16", "--name", "painter", "--json"]
    assert words(HUB, tmp_path) == plain
    chosen = {"revision": "refs/pr/1", "variant": "fp16", "cpu_pytorch": True}
    assert words({**HUB, **chosen}, tmp_path) == [
        *plain,
        *("--revision", "refs/pr/1", "--variant", "fp16"),
        *("--torch-index", "https://download.pytorch.org/whl/cpu"),
    ]
    for precision in ("int8", "int8-weights"):  # the command says what it makes of that
        assert precision in words({**HUB, "precision": precision}, tmp_path)


def test_a_token_is_named_by_its_file(tmp_path: Path) -> None:
    keep_token(tmp_path / "job", " hf_secret\n")
    found = words({**HUB, "has_token": True}, tmp_path / "job")
    assert found[-2:] == ["--token-file", str(tmp_path / "job" / "token")]
    assert (tmp_path / "job" / "token").read_text() == "hf_secret\n"
    assert "--token-file" not in words(HUB, tmp_path / "job")
    if os.name == "posix":
        assert (tmp_path / "job" / "token").stat().st_mode & 0o777 == 0o600


def test_a_single_file_takes_a_vae_and_what_it_predicts(checkpoint: Path, tmp_path: Path) -> None:
    body = {"origin": "file", "source": str(checkpoint), "precision": "int8", "name": "mine"}
    chosen = {"vae": str(checkpoint), "prediction_type": "v_prediction"}
    assert words({**body, **chosen}, tmp_path) == [
        *("optimize", str(checkpoint), "--precision", "int8", "--name", "mine", "--json"),
        *("--vae", str(checkpoint), "--prediction-type", "v_prediction"),
    ]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"source": "painter"}, "no id of the Hugging Face Hub"),
        ({"source": "--help/x"}, "no id of the Hugging Face Hub"),
        ({"source": "../models"}, "no id of the Hugging Face Hub"),
        ({"source": "demo/models"}, "a folder of the program"),
        ({"source": ["a/b"]}, "source is missing"),
        ({"revision": "--json"}, "cannot be a revision"),
        ({"revision": 5}, "revision is missing"),
        ({"variant": "bf16"}, "variant must be one of fp16"),
        ({"variant": ["fp16"]}, "variant must be one of fp16"),
        ({"vae": SOURCE}, "vae does not go with a hub"),
        ({"prediction_type": "epsilon"}, "prediction_type does not go with a hub"),
        ({"origin": "web"}, "origin must be one of folder, hub, file"),
        ({"origin": None}, "origin must be one of folder, hub, file"),
        ({"origin": "folder"}, "there is no folder somebody/painter"),
        ({"origin": "folder", "source": SOURCE, "has_token": True}, "has_token does not go with a folder"),
        ({"origin": "folder", "source": SOURCE, "vae": "/none"}, "there is no VAE /none"),
        ({"origin": "file", "source": "/none.safetensors"}, "there is no file /none.safetensors"),
        ({"origin": "file", "source": "/none.ckpt"}, "is a pickle"),
        ({"origin": "file", "source": SOURCE}, "is no model file"),
        ({"precision": "int4"}, "precision must be one of"),
        ({"name": "../x"}, "cannot be a model's name"),
        ({"name": "taken"}, "there is a model taken already"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(body: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    write_ir(tmp_path / "models" / "taken")
    with pytest.raises(LapdrawError, match=sentence):
        check_command("optimize", {**HUB, **body}, tmp_path)


def test_what_a_file_predicts_is_one_of_two(checkpoint: Path, tmp_path: Path) -> None:
    body = {**HUB, "origin": "file", "source": str(checkpoint), "prediction_type": "sample"}
    with pytest.raises(InvalidRequest, match="prediction_type must be one of epsilon, v_prediction"):
        check_command("optimize", body, tmp_path)
