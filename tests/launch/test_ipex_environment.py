"""The environment of Intel Extension for PyTorch: made once, made anew where it is not whole."""

import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PYTHON, ROOT, Checkout, make_checkout, write_wheel

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64", reason="the packages exist for Linux on x86-64"
)
PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from benchmarks.ipex import ipex_python
from runtime.errors import SetupError
try:
    print(ipex_python(Path(sys.argv[1]), lambda phase: print(phase, file=sys.stderr)))
except SetupError as error:
    sys.exit(str(error))
"""


@pytest.fixture(scope="module")
def ipex_wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny wheels of the lowest versions that requirements/ipex.txt takes."""
    folder = tmp_path_factory.mktemp("ipex-wheels")
    text = (ROOT / "requirements" / "ipex.txt").read_text(encoding="utf-8")
    for name, version in re.findall(r"^([\w-]+)[=>]=([\d.]+)", text, re.MULTILINE):
        write_wheel(folder, name, version)
    return folder


@pytest.fixture
def checkout(tmp_path: Path, ipex_wheels: Path) -> Checkout:
    checkout = make_checkout(tmp_path / "checkout", ipex_wheels)
    for name in ("benchmarks/ipex.py", "runtime/errors.py"):
        target = checkout.folder / name
        target.parent.mkdir()
        target.write_bytes((ROOT / name).read_bytes())
    return checkout


def make(checkout: Checkout, **settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [PYTHON, "-c", PROGRAM, str(checkout.folder)],
        env=checkout.variables(**settings),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_it_is_made_once_and_anew_where_it_was_not_finished(checkout: Checkout) -> None:
    made = make(checkout)
    python = made.stdout.strip()
    assert python == str(checkout.folder / ".venv-ipex" / "bin" / "python"), made.stderr
    assert "GB to install" in made.stderr
    found = subprocess.run(
        [python, "-c", "import intel_extension_for_pytorch as it; print(it.__file__)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(checkout.folder / ".venv-ipex") in found.stdout
    assert not (checkout.folder / ".venv").exists()

    again = make(checkout, PIP_FIND_LINKS="/nowhere")
    assert (again.stdout.strip(), again.stderr) == (python, "")

    (checkout.folder / ".venv-ipex" / "lapdraw.txt").unlink()  # as a killed start leaves it
    (checkout.folder / ".venv-ipex" / "half").write_text("written")
    assert "GB to install" in make(checkout).stderr
    assert not (checkout.folder / ".venv-ipex" / "half").exists()


def test_without_an_index_the_sentence_says_so(checkout: Checkout) -> None:
    failed = make(checkout, PIP_FIND_LINKS="/nowhere")
    assert failed.returncode == 1
    assert "the package index has nothing that fits" in failed.stderr.splitlines()[-1]
    assert not (checkout.folder / ".venv-ipex" / "lapdraw.txt").exists()
