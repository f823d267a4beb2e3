"""launch.py as people meet it: the first start installs, the next do not, the command gets what was typed."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import PYTHON, ROOT, Checkout, answer, make_checkout, required, write_wheel

HEAVY = {"argparse", "hashlib", "json", "pathlib", "re", "shutil", "subprocess", "venv"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> tuple[Checkout, float]:
    """A checkout after its first start, and the seconds that took."""
    checkout = make_checkout(tmp_path_factory.mktemp("first") / "a checkout", wheels)
    started = time.perf_counter()
    first = checkout.run("devices")
    seconds = time.perf_counter() - started
    assert answer(first)["packages"] == required("runtime")
    assert "Setting up runtime" in first.stderr
    return checkout, seconds


def test_the_next_start_installs_nothing_and_is_quick(installed: tuple[Checkout, float]) -> None:
    checkout, first_seconds = installed
    started = time.perf_counter()
    again = checkout.run("devices", PIP_FIND_LINKS="/nowhere")
    seconds = time.perf_counter() - started
    assert answer(again)["prefix"] == str(checkout.environment)
    assert again.stderr == ""
    assert seconds < first_seconds / 4


def test_the_quick_path_loads_no_heavy_module(installed: tuple[Checkout, float]) -> None:
    checkout, _ = installed
    command = [PYTHON, "-S", "-X", "importtime", str(checkout.folder / "launch.py"), "devices"]
    process = subprocess.run(command, env=checkout.variables(), capture_output=True, text=True, check=True)
    loaded = {line.split("|")[-1].strip() for line in process.stderr.splitlines() if "import time" in line}
    assert "bootstrap.handover" in loaded
    assert loaded & HEAVY == set()


def test_arguments_folder_and_status_reach_the_command(
    installed: tuple[Checkout, float], tmp_path: Path
) -> None:
    checkout, _ = installed
    arguments = ["generate", "a red  house", "-o", "ä.png", "", "*"]
    process = subprocess.run(
        checkout.command(*arguments), cwd=tmp_path, env=checkout.variables(), capture_output=True, text=True
    )
    assert answer(process)["arguments"] == arguments
    assert answer(process)["folder"] == str(tmp_path)
    assert checkout.run("generate", "--fail").returncode == 7


def test_the_size_of_torch_is_said_first_and_a_failure_leaves_the_rest_usable(
    installed: tuple[Checkout, float], tmp_path: Path
) -> None:
    checkout, _ = installed
    failed = checkout.run("optimize", str(tmp_path), PIP_FIND_LINKS=str(tmp_path))
    assert failed.returncode == 2
    assert "GB to install" in failed.stderr
    assert ("--torch-index https://download.pytorch.org/whl/cpu" in failed.stderr) == (
        sys.platform == "linux"
    )
    assert "the package index has nothing that fits" in failed.stderr
    assert "Setting up" not in checkout.run("devices", PIP_FIND_LINKS=str(tmp_path)).stderr


def test_an_environment_on_an_interpreter_that_is_gone_is_made_anew(
    installed: tuple[Checkout, float], tmp_path: Path
) -> None:
    folder = tmp_path / "moved"
    shutil.copytree(installed[0].folder, folder, symlinks=True)
    checkout = Checkout(folder=folder, settings=installed[0].settings)
    for name in ("python", "python3"):
        link = checkout.environment / "bin" / name
        if link.is_symlink():
            link.unlink()
            link.symlink_to(tmp_path / "uninstalled")
    assert answer(checkout.run("devices"))["prefix"] == str(checkout.environment)


def test_changed_requirements_are_installed(installed: tuple[Checkout, float], tmp_path: Path) -> None:
    folder = tmp_path / "updated"
    shutil.copytree(installed[0].folder, folder, symlinks=True)
    checkout = Checkout(folder=folder, settings=installed[0].settings)
    with (folder / "requirements" / "runtime.txt").open("a", encoding="utf-8") as file:
        file.write("newcomer==1.0\n")
    write_wheel(tmp_path / "more", "newcomer", "1.0")
    updated = checkout.run("devices", PIP_FIND_LINKS=str(tmp_path / "more"))
    assert answer(updated)["packages"] == {**required("runtime"), "newcomer": "1.0"}


def test_torch_comes_only_when_asked_for_and_from_the_index_that_is_named(
    checkout: Checkout, wheels: Path, tmp_path: Path
) -> None:
    index, version = tmp_path / "index", required("optimize")["torch"] + "+cpu"
    for name in ("torch", "torchvision"):
        wheel = write_wheel(index / name, name, required("optimize")[name] + "+cpu")
        (index / name / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    command = ["generate", "x", "--device=unet=cuda,vae_decoder=cpu", "--torch-index", index.as_uri()]
    settings = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": (tmp_path / "empty").as_uri()}
    finished = checkout.run(*command, **settings)
    assert answer(finished)["arguments"] == command[:3]
    packages = answer(finished)["packages"]
    assert packages["torch"] == version
    assert packages.keys() == required("runtime").keys() | required("optimize").keys()


def test_without_a_command_the_packages_of_the_page_are_installed(
    installed: tuple[Checkout, float],
) -> None:
    checkout, _ = installed
    first = checkout.run("--port", "7999")
    assert answer(first)["arguments"] == ["--port", "7999"]
    assert answer(first)["packages"].keys() >= required("runtime").keys() | required("page").keys()
    assert "Setting up page" in first.stderr
    again = checkout.run()
    assert (answer(again)["arguments"], again.stderr) == ([], "")


def test_the_overview_needs_no_package_and_makes_nothing(tmp_path: Path, wheels: Path) -> None:
    checkout = make_checkout(tmp_path / "checkout", wheels)
    for name in ("ui", "runtime"):
        shutil.copytree(ROOT / name, checkout.folder / name, dirs_exist_ok=True)
    command = [PYTHON, "-S", str(checkout.folder / "launch.py"), "--help"]
    process = subprocess.run(command, env=checkout.variables(), capture_output=True, text=True, check=True)
    assert "generate" in process.stdout
    assert "page" in process.stdout
    assert not checkout.environment.exists()
