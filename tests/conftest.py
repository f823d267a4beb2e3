"""What every test starts from: no network for the libraries, and properties that do not race the clock."""

import os

from hypothesis import settings

os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", DIFFUSERS_VERBOSITY="error")
if "PYTEST_XDIST_WORKER" in os.environ:
    # One thread each: PyTorch's wait for each other by spinning, which with two tests at once costs fourfold.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):  # a pytest that a test starts is none
    os.environ.pop(name, None)

# The machine may be busy: a slow example is no fault. The same examples every time, so that a run repeats.
settings.register_profile("lapdraw", deadline=None, derandomize=True)
settings.load_profile("lapdraw")
