"""The measured peak: what runs, and that it honours a limit on the CPU's instructions."""

import os
import subprocess
import sys

MEASURE = """
import os
import openvino as ov
from runtime.backends.openvino_peak import ISA_LIMIT, best_product
print(best_product(ov.Core(), "f32", ISA_LIMIT in os.environ))
"""


def measured(**environment: str) -> float:
    """A process of its own: OpenVINO reads the limit once."""
    answer = subprocess.run(
        [sys.executable, "-c", MEASURE],
        env={name: value for name, value in os.environ.items() if name != "ONEDNN_MAX_CPU_ISA"} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(answer.stdout)


def test_the_peak_honours_the_limit_on_instructions() -> None:
    """OpenVINO's fully connected kernels do not: with them, AVX2 would be as fast as AVX-512."""
    native, limited = measured(), measured(ONEDNN_MAX_CPU_ISA="SSE41")
    assert 0.5 < limited < 0.7 * native
