"""What converts models tells nobody: Intel's libraries do, where they are not kept from it."""

import os
import subprocess
import sys

import pytest

LOAD = """
import {package}, sys
import openvino.tools.ovc.telemetry_utils as told
assert "stub" in told.tm.__name__, told.tm
assert sys.modules["openvino_telemetry"] is None
"""


@pytest.mark.parametrize("package", ["optimize", "benchmarks"])
def test_openvino_has_nothing_to_call_home_with(package: str) -> None:
    environment = {
        name: value for name, value in os.environ.items() if name != "CI"
    }  # silent under CI anyway
    command = [sys.executable, "-c", LOAD.format(package=package)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
