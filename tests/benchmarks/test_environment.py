"""What a record says of the machine, and what it must not say."""

import getpass
import json
import platform
import types
from pathlib import Path

import psutil
import pytest

from benchmarks import environment
from benchmarks.environment import describe_environment, power_source
from runtime.machine import FEATURES


@pytest.fixture(scope="module")
def described() -> dict:
    return describe_environment()


def test_it_fits_into_a_record(described: dict) -> None:
    assert json.loads(json.dumps(described)) == described
    assert described["cpu"]["logical_cores"] == psutil.cpu_count()
    assert described["cpu"]["name"].strip()
    assert set(described["cpu"]["features"]) <= set(FEATURES)
    assert described["memory_bytes"] > 2**30
    assert described["python"] == platform.python_version()
    assert described["power"] in ("mains", "battery", "unknown")
    assert 0 <= described["load_before"] <= psutil.cpu_count()
    assert described["packages"]["numpy"]
    assert described["lapdraw"].split(",")[0].count(".") == 2


def test_it_names_no_machine_no_user_and_no_folder(described: dict) -> None:
    text = json.dumps(described | {"energy": ""}).lower()  # of which the counters' path is no secret
    for private in (platform.node(), str(Path.home()), str(Path.cwd())):
        assert not private or len(private) < 4 or private.lower() not in text
    assert f'"{getpass.getuser()}"' not in text


@pytest.mark.parametrize(
    ("plugged", "online", "expected"),
    [
        (True, None, "mains"),
        (False, "1", "battery"),
        (None, "1", "mains"),
        (None, "0", "unknown"),
        (None, None, "unknown"),
    ],
)
def test_power_source(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    plugged: bool | None,
    online: str | None,
    expected: str,
) -> None:
    found = None if plugged is None else types.SimpleNamespace(power_plugged=plugged)
    monkeypatch.setattr(psutil, "sensors_battery", lambda: found, raising=False)
    if online is not None:
        supply = tmp_path / "AC"
        supply.mkdir()
        (supply / "type").write_text("Mains\n")
        (supply / "online").write_text(online + "\n")
    assert power_source(tmp_path) == expected


def test_a_copy_that_is_no_checkout_has_a_version_and_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "lapdraw"\nversion = "1.2.3"\n')
    monkeypatch.setattr(environment, "CHECKOUT", tmp_path)
    assert environment._lapdraw() == "1.2.3"
