"""A Hub id on the command line: what is fetched, and what the conversion of it is asked for."""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import InvalidRequest
from runtime.hub_id import is_hub_id
from ui import hub_source, optimize_command
from ui.hub_source import HubPlan, refuse_hub_options, start_again
from ui.optimize_command import add_arguments


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize(
    ("text", "is_id"),
    [
        ("OpenVINO/LCM_Dreamshaper_v7-fp16-ov", True),
        ("stable-diffusion-v1-5/stable-diffusion-v1-5", True),
        ("models/unet", True),  # as long as there is no such folder
        ("name", False),
        ("/abs/path", False),
        ("./a", False),
        ("a/b/c", False),
        ("C:/models", False),
        ("a\\b", False),
        ("~/models", False),
        ("a/model.safetensors/", False),
        ("-x/y", False),
    ],
)
def test_what_reads_like_an_id(
    text: str, is_id: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_hub_id(text) == is_id


def test_a_folder_that_is_there_is_no_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "somebody" / "painter").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert not is_hub_id("somebody/painter")


def test_the_places_of_a_ready_made_and_of_a_converted_model(tmp_path: Path) -> None:
    plan = HubPlan.of(parse("a/painter", "--precision", "fp32", "--data-dir", str(tmp_path)))
    assert (plan.ready.name, plan.converted.name) == ("painter", "painter-fp32")
    named = HubPlan.of(parse("a/painter", "--name", "mine", "--data-dir", str(tmp_path)))
    assert named.ready == named.converted == tmp_path.resolve() / "models" / "mine"


def test_the_command_that_fetches_names_the_tokens_file_and_holds_no_token(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("hf_secret")
    command = HubPlan.of(parse("a/b", "--token-file", str(tmp_path / "t"), "--variant", "fp16")).command()
    assert str(tmp_path / "t") in command
    assert "hf_secret" not in " ".join(command)


def test_the_conversion_is_asked_for_with_every_option_but_the_hubs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [
        "a/b",
        "--precision",
        "fp32",
        "--json",
        "--variant",
        "fp16",
        "--revision",
        "v1",
        "--token-file",
        "t",
    ]
    options = parse(*words, "--data-dir", str(tmp_path))
    converting = HubPlan.of(options).converting(options, str(tmp_path))
    refuse_hub_options(converting)
    called: list[list[str]] = []
    monkeypatch.setattr(sys, "platform", "win32")  # where the new program is a child
    monkeypatch.setattr(hub_source.subprocess, "call", lambda command: called.append(command) or 5)
    assert start_again(converting) == 5
    assert called[0][1:3] == [str(hub_source.CHECKOUT / "launch.py"), "optimize"]
    assert vars(parse(*called[0][3:])) == vars(converting)
    from bootstrap.needs import group_for

    assert group_for(called[0][2:]) == "optimize"


def test_the_new_program_takes_the_place_of_this_one(tmp_path: Path) -> None:
    """On systems that know exec: nothing waits, and the status is the new program's."""
    if sys.platform == "win32":
        pytest.skip("Windows starts a child")
    (tmp_path / "launch.py").write_text("import os, sys; print(os.getpid(), *sys.argv[1:]); sys.exit(7)")
    program = (
        "import argparse, os, pathlib; from ui import hub_source\n"
        f"hub_source.CHECKOUT = pathlib.Path({str(tmp_path)!r}); print(os.getpid())\n"
        "hub_source.start_again(argparse.Namespace(source='folder', json=True, name=None))"
    )
    done: Any = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(hub_source.__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    before, after = done.stdout.splitlines()
    assert (done.returncode, after) == (7, f"{before} optimize folder --json")


@pytest.mark.parametrize("words", [["--revision", "x"], ["--variant", "fp16"], ["--token-file", "x"]])
def test_options_of_the_hub_mean_nothing_to_a_folder(words: list[str]) -> None:
    with pytest.raises(InvalidRequest, match="has no meaning"):
        refuse_hub_options(parse("folder", *words))


@pytest.mark.parametrize(
    ("kind", "missing", "starts_again"),
    [
        ("diffusers", {"optimize"}, True),
        ("diffusers", {"quantize"}, False),
        ("openvino-to-quantize", {"quantize"}, True),
        ("openvino-to-quantize", {"optimize"}, False),
    ],
)
def test_int8_of_a_fetched_model_is_made_where_the_packages_for_it_are(
    kind: str, missing: set[str], starts_again: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a new launch.py, which installs them, or by this one."""
    folder = tmp_path / "cache" / "commit"
    (folder / "unet").mkdir(parents=True)
    if kind != "diffusers":
        (folder / "unet" / "openvino_model.xml").touch()
    commands: list[list[str]] = []

    def follow(command: list[str], said: object) -> tuple[dict[str, Any], int]:
        commands.append(command)
        return {"kind": kind, "path": str(folder), "precision": "int8", "errors": {}, "notes": []}, 0

    monkeypatch.setattr(optimize_command, "_follow", follow)
    monkeypatch.setattr(optimize_command, "missing_parts", lambda group: {group} & missing)
    again: list[argparse.Namespace] = []
    monkeypatch.setattr(optimize_command, "start_again", lambda options: again.append(options) or 7)
    options = parse("a/painter", "--precision", "int8", "--data-dir", str(tmp_path), "--json")
    assert optimize_command.run(options) == (7 if starts_again else 0)
    place = str(tmp_path.resolve() / "models" / "painter-int8")
    assert commands[0][commands[0].index("--precision") + 1] == "int8"
    assert commands[0][commands[0].index("--converted") + 1] == place
    if not starts_again:
        assert commands[1][2:6] == ["optimize", str(folder.resolve()), "--output", place]
        assert commands[1][6:] == ["--precision", "int8"]
        return
    assert (again[0].source, again[0].name, again[0].precision) == (str(folder), "painter-int8", "int8")
    from bootstrap.needs import group_for

    words = [again[0].source, "--precision", "int8", "--name", again[0].name]
    assert group_for(["optimize", *words]) == next(iter(missing))
