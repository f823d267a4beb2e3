"""What stops the setup is said in one sentence with the remedy and ends with status 2."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PYTHON, Checkout, answer, required, write_wheel


def _sentence(finished: "subprocess.CompletedProcess[str]") -> str:
    """The sentence a refused start ends with."""
    assert finished.returncode == 2, finished.stderr
    assert finished.stdout == ""
    assert "Traceback" not in finished.stderr
    return finished.stderr.strip().splitlines()[-1]


def test_no_network(checkout: Checkout) -> None:
    closed = {
        "PIP_NO_INDEX": "0",
        "PIP_FIND_LINKS": "",
        "PIP_INDEX_URL": "http://127.0.0.1:9",
        "PIP_RETRIES": "0",
    }
    sentence = _sentence(checkout.run("devices", **closed))
    assert "could not be reached" in sentence
    assert "PIP_INDEX_URL" in sentence
    assert str(checkout.log) in sentence
    assert checkout.log.exists()


def test_no_space(checkout: Checkout) -> None:
    change = "import types\nshutil.disk_usage = lambda path: types.SimpleNamespace(free=12_000_000)"
    sentence = _sentence(checkout.run_changed(change, "devices"))
    assert "needs 4" in sentence
    assert "12 MB are free" in sentence
    assert not checkout.environment.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="stands in for interpreters with shell scripts")
class TestInterpreters:
    """Interpreters are looked for by what they say of themselves."""

    def _start_with(self, checkout: Checkout, path: Path, *lines: str) -> "subprocess.CompletedProcess[str]":
        """Start launch.py in an interpreter that describes itself so, `path` being the whole PATH."""
        path.mkdir(exist_ok=True)
        running = path / "python"
        running.write_text("#!/bin/sh\n" + "".join(f"echo '{line}'\n" for line in lines))
        running.chmod(0o755)
        change = f"import os\nsys.executable = {str(running)!r}\nos.environ['PATH'] = {str(path)!r}"
        return checkout.run_changed(change, "devices")

    def test_none_fits(self, checkout: Checkout, tmp_path: Path) -> None:
        finished = self._start_with(checkout, tmp_path / "bin", "3.8", "64", "/usr/bin/python3.8", "/pip.whl")
        assert "from 3.10 to 3.13 is needed" in _sentence(finished)
        assert not checkout.environment.exists()

    def test_one_of_32_bits_does_not_fit(self, checkout: Checkout, tmp_path: Path) -> None:
        finished = self._start_with(
            checkout, tmp_path / "bin", "3.12", "32", "/usr/bin/python3.12", "/pip.whl"
        )
        assert "a 64-bit Python" in _sentence(finished)

    def test_one_that_cannot_make_environments(self, checkout: Checkout, tmp_path: Path) -> None:
        finished = self._start_with(checkout, tmp_path / "bin", "3.11", "64", "/usr/bin/python3.11", "")
        assert "sudo apt install python3.11-venv" in _sentence(finished)

    def test_a_fitting_one_on_the_path_is_taken(self, checkout: Checkout, tmp_path: Path) -> None:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "python3.13").write_text("#!/bin/sh\nexit 127\n")  # as a pyenv shim answers
        (tmp_path / "bin" / "python3.13").chmod(0o755)
        (tmp_path / "bin" / "python3.12").symlink_to(PYTHON)
        finished = self._start_with(checkout, tmp_path / "bin", "3.8", "64", "/usr/bin/python3.8", "/pip.whl")
        assert answer(finished)["prefix"] == str(checkout.environment)


def test_a_checkout_that_cannot_be_written(checkout: Checkout) -> None:
    (checkout.folder / ".venv-setup").write_text("in the way")
    sentence = _sentence(checkout.run("devices"))
    assert f"{checkout.folder / '.venv-setup'} cannot be written" in sentence


def test_packages_that_do_not_work_here(checkout: Checkout, tmp_path: Path, wheels: Path) -> None:
    for name, version in required("runtime").items():
        write_wheel(tmp_path / "broken", name, version)
    broken = write_wheel(
        tmp_path / "broken", "numpy", required("runtime")["numpy"], source="raise ImportError('no AVX')"
    )
    sentence = _sentence(checkout.run("devices", PIP_FIND_LINKS=str(broken.parent)))
    assert "do not work here (ImportError: no AVX)" in sentence
    assert (checkout.folder / ".venv-setup" / "unfinished").exists()


def test_a_torch_index_without_an_address(checkout: Checkout) -> None:
    assert "--torch-index needs the address" in _sentence(checkout.run("optimize", "--torch-index"))


class TestActivatedEnvironment:
    """An environment that somebody made and activated."""

    @pytest.fixture
    def python(self, tmp_path: Path) -> str:
        """The interpreter of an environment that holds the runtime's packages."""
        folder = tmp_path / "mine"
        subprocess.run([PYTHON, "-m", "venv", "--without-pip", str(folder)], check=True)
        python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        for name, version in required("runtime").items():
            self._install(folder, name, version)
        return str(python)

    def _install(self, folder: Path, name: str, version: str) -> None:
        (packages,) = folder.glob("[Ll]ib/**/site-packages")
        information = packages / f"{name.replace('-', '_')}-{version}.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")

    def test_is_used_as_it_is(self, checkout: Checkout, python: str) -> None:
        finished = checkout.run("devices", python=python)
        assert answer(finished)["prefix"] == str(Path(python).parents[1])
        assert finished.stderr == ""
        assert not checkout.environment.exists()

    def test_is_left_alone_when_a_version_does_not_fit(self, checkout: Checkout, python: str) -> None:
        requirements = checkout.folder / "requirements" / "runtime.txt"
        requirements.write_text(requirements.read_text().replace("numpy>=2.0,<2.5", "numpy>=2.0,<2.1"))
        (checkout.folder / ".venv-setup").write_text("so that the setup ends at its first step")
        assert "cannot be written" in _sentence(checkout.run("devices", python=python))

    def test_is_not_used_for_what_it_lacks(self, checkout: Checkout, python: str) -> None:
        (checkout.folder / ".venv-setup").write_text("so that the setup ends at its first step")
        assert "cannot be written" in _sentence(checkout.run("optimize", str(checkout.folder), python=python))
