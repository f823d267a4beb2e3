import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from optimize import export_model
from optimize import staging as staging_module
from optimize.staging import Staging, sweep
from runtime.errors import ExportError
from runtime.models import list_models

ROOT = Path(__file__).resolve().parents[2]


def test_folder_appears_on_commit_only(tmp_path: Path) -> None:
    with Staging(tmp_path / "models" / "name") as staging:
        (staging.model / "file").write_text("content")
        (staging.work / "scratch").touch()
        assert not staging.output.exists()
        assert list_models(tmp_path) == ()
        staging.flush()
        staging.commit()
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["name"]
    assert (tmp_path / "models" / "name" / "file").read_text() == "content"


def test_failure_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with Staging(tmp_path / "name") as staging:
            (staging.model / "file").touch()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_output_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    with Staging(tmp_path / "name") as staging:
        (tmp_path / "name").mkdir()
        with pytest.raises(ExportError, match="exists already"):
            staging.commit()
    assert [path.name for path in tmp_path.iterdir()] == ["name"]


def test_leftovers_of_a_killed_process_are_swept_by_the_next_run(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from optimize.staging import Staging\n"
        "staging = Staging(Path(sys.argv[1])).__enter__()\n"
        "(staging.model / 'file').touch(); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "name")], cwd=ROOT, check=False)
    assert len(list(tmp_path.glob(".partial-*"))) == 2
    with Staging(tmp_path / "name") as staging:
        assert len(list(tmp_path.glob(".partial-*"))) == 2  # this run's own
        staging.commit()
    assert [path.name for path in tmp_path.iterdir()] == ["name"]


def test_running_exports_are_not_swept(tmp_path: Path) -> None:
    with Staging(tmp_path / "one") as one:
        with Staging(tmp_path / "two") as two:
            assert one.model.exists()
            two.commit()
        sweep(tmp_path)
        one.commit()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_sweep_touches_nothing_else(tmp_path: Path) -> None:
    for name in ("model", ".hidden", "partial-model"):
        (tmp_path / name).mkdir()
    (tmp_path / ".partial-old-1234").mkdir()
    (tmp_path / ".partial-older-1234.lock").touch()
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".hidden", "model", "partial-model"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot open folders")
def test_every_file_and_folder_is_flushed_before_the_rename(tmp_path: Path, monkeypatch) -> None:
    events: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def name_of(handle: int) -> str:
        return Path(f"/proc/self/fd/{handle}").readlink().name if sys.platform == "linux" else "?"

    monkeypatch.setattr(os, "fsync", lambda handle: (events.append(name_of(handle)), fsync(handle))[1])
    monkeypatch.setattr(Path, "rename", lambda self, to: (events.append("rename"), rename(self, to))[1])
    with Staging(tmp_path / "name") as staging:
        (staging.model / "unet").mkdir()
        (staging.model / "unet" / "weights").touch()
        staging.flush()
        staging.commit()
    assert events.count("rename") == 1
    before, after = events[: events.index("rename")], events[events.index("rename") + 1 :]
    if sys.platform == "linux":
        assert before == ["weights", "unet", "model"]
        assert after == [tmp_path.name]


def test_lack_of_room_is_said_with_both_figures(
    tiny_source: Path, tmp_path: Path, recorded, monkeypatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10_000_000))
    with pytest.raises(ExportError, match=r"needs 0\.07 GB in .* and 0\.01 GB are free"):
        export_model(tiny_source, tmp_path / "name", convert=recorded)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", ["store_fp16", "describe_files", "flush_file"])
def test_disk_that_fills_up_gives_a_sentence_and_leaves_nothing(
    tiny_source: Path, tmp_path: Path, recorded, monkeypatch, step: str
) -> None:
    from optimize import export as export_module

    def full(*arguments: object) -> None:
        if step == "store_fp16":
            raise RuntimeError("basic_ios::clear: iostream error")  # what OpenVINO says
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "file"))

    monkeypatch.setattr(staging_module if step == "flush_file" else export_module, step, full)
    with pytest.raises(ExportError, match=r"could not be written .* MB are free\): free some space"):
        export_model(tiny_source, tmp_path / "name", convert=recorded)
    assert list(tmp_path.iterdir()) == []
