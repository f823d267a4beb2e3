"""What every test starts from: no network for the libraries, and properties that do not race the clock."""

import gc
import os
import shutil
from pathlib import Path
from tempfile import mkdtemp

import pytest
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

TESTS = Path(__file__).parent
# Files that take long come first, so that all processes end together; the browser's among the others, since
# two browsers at once are in each other's way.
LONG = (
    "browser/test_tabs_of_pictures.py",
    "optimize/test_families.py",
    "browser/test_models.py",
    "parity/test_same_picture_tasks.py",
    "browser/test_looks.py",
    "runtime/test_broken_device.py",
    "browser/test_text_to_image.py",
    "optimize/test_export.py",
    "optimize/test_quantize.py",
    "browser/test_origins.py",
    "optimize/test_quantize_families.py",
    "parity/test_same_picture.py",
    "browser/test_library.py",
    "ui/jobs/test_job_faults.py",
    "optimize/test_killed.py",
    "browser/test_faults.py",
    "optimize/test_quantize_sources.py",
    "optimize/test_single_file_picture.py",
    "browser/test_settings.py",
    "benchmarks/test_drivers.py",
    "benchmarks/test_skeletons.py",
    "browser/test_keyboard.py",
    "benchmarks/test_run.py",
    "parity/test_interoperation.py",
    "parity/test_xl_interoperation.py",
    "browser/test_offline.py",
    "runtime/schedulers/test_scheduler_parity.py",
    "runtime/test_openvino_measure.py",
    "runtime/test_openvino_backend.py",
    "optimize/test_quantize_from_hub.py",
    "launch/test_first_start.py",
    "launch/test_interrupted.py",
    "ui/test_generate_command.py",
    "ui/test_picture_tasks.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rank = {TESTS / name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in a line each why a test was tried once more, where the end of a log tells it."""
    for report in terminalreporter.stats.get("rerun", ()):
        crash = getattr(report.longrepr, "reprcrash", None)
        where = f"{Path(crash.path).name}:{crash.lineno}: " if crash else ""
        lines = (crash.message if crash else str(report.longrepr)).split("Call log:")[0].split()
        terminalreporter.line(f"RERUN {report.nodeid}: {where}{' '.join(lines)[:300]}")


def pytest_configure(config: pytest.Config) -> None:
    """Name the folder of tests/models.py, in the process that starts the others."""
    if "LAPDRAW_TEST_EXPORTS" not in os.environ:
        os.environ["LAPDRAW_TEST_EXPORTS"] = folder = mkdtemp(prefix="lapdraw-exports-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_collection_finish() -> None:
    """Never look for garbage in what was imported for the tests: PyTorch alone has a million objects."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    gc.unfreeze()  # libraries complain of what is left when the process ends
