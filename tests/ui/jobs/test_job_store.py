"""The store of jobs and the files beside it: damaged, full, of another version, and after a crash."""

import os
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runtime.errors import InvalidRequest
from tests.ui.jobs.asking import accept, pictures_of
from ui.jobs import JobEngine
from ui.jobs.job import JobSpec
from ui.jobs.saving import digest, partial_of, settle, write_new
from ui.jobs.store import SAVED, SKIPPED, Store, StoredPicture

SPEC = JobSpec(kind="pictures", title="a house", body={"fields": {"seed": 2**53}})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "jobs").mkdir()
    with closing(Store(tmp_path / "jobs" / "jobs.db", tmp_path)) as opened:
        yield opened


def reserved(store: Store, path: Path, content: bytes, number: int = 0) -> StoredPicture:
    """Note that a picture is about to be written."""
    picture = StoredPicture(
        number=number, state="", path=path, seed=2**53, label="steps 5", sha256=digest(content)
    )
    store.reserve("0000000a", picture, {"seed": 2**53})
    return picture


def test_what_was_stored_is_read_again(store: Store, tmp_path: Path) -> None:
    job = store.add("0000000a", SPEC, 1.5)
    reserved(store, tmp_path / "outputs" / "a.png", b"a")
    assert store.get(job.id) is not None
    assert store.get(job.id).pictures == ()  # type: ignore[union-attr]
    store.saved(job.id, 0)
    store.skipped(job.id, [1])
    assert [picture.state for picture in store.pictures(job.id)] == [SAVED, SKIPPED]
    again = store.get(job.id)
    assert again is not None
    (picture,) = again.pictures
    assert (picture.path, picture.seed, picture.label) == (tmp_path / "outputs" / "a.png", 2**53, "steps 5")
    assert again.results == ({"seed": 2**53},)
    assert again.spec == SPEC


def test_pictures_are_found_after_the_data_folder_was_moved(store: Store, tmp_path: Path) -> None:
    store.add("0000000a", SPEC, 0.0)
    reserved(store, tmp_path / "outputs" / "a.png", b"a")
    with closing(Store(tmp_path / "jobs" / "jobs.db", tmp_path / "elsewhere")) as moved:
        assert moved.pictures("0000000a")[0].path == tmp_path / "elsewhere" / "outputs" / "a.png"


@pytest.mark.parametrize("moment", ["before it", "half-way", "after it"])
def test_a_picture_that_was_being_written_is_there_whole_or_not_at_all(
    store: Store, tmp_path: Path, moment: str
) -> None:
    store.add("0000000a", SPEC, 0.0)
    path, content = tmp_path / "outputs" / "a.png", b"picture" * 99
    reserved(store, path, content)
    path.parent.mkdir()
    if moment == "half-way":
        partial_of(path, "0000000a", 0).write_bytes(content[:50])
    if moment == "after it":
        write_new(path, content, partial_of(path, "0000000a", 0))
    settle(store, "0000000a")
    assert [picture.state for picture in store.pictures("0000000a")] == [SAVED] * (moment == "after it")
    assert list(path.parent.iterdir()) == [path] * (moment == "after it")


def test_a_picture_of_another_program_in_the_same_place_is_not_taken_for_ours(
    store: Store, tmp_path: Path
) -> None:
    store.add("0000000a", SPEC, 0.0)
    path = tmp_path / "a.png"
    reserved(store, path, b"ours")
    path.write_bytes(b"theirs")
    with pytest.raises(FileExistsError):
        write_new(path, b"ours", partial_of(path, "0000000a", 0))
    settle(store, "0000000a")
    assert store.pictures("0000000a") == []
    assert [file.name for file in tmp_path.glob("*.png")] == ["a.png"]
    assert path.read_bytes() == b"theirs"


def _garbage(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def _flip(path: Path) -> None:
    content, numbers = bytearray(path.read_bytes()), random.Random(1)
    for _ in range(200):
        content[numbers.randrange(100, len(content))] ^= 0xFF
    path.write_bytes(content)


def _no_json(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE jobs SET body = '{'")


def _no_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE speeds")
        connection.execute("DROP TABLE jobs")


@pytest.mark.parametrize("damage", [_garbage, _cut, _flip, _no_json, _no_table])
def test_a_damaged_database_is_set_aside_by_name(tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    accept(tmp_path, [pictures_of() for _ in range(30)])
    damage(tmp_path / "jobs" / "jobs.db")
    content = (tmp_path / "jobs" / "jobs.db").read_bytes()
    with JobEngine(tmp_path, worker=False) as engine:
        (note,) = engine.notes
        (aside,) = (tmp_path / "jobs").glob("jobs.damaged-*.db")
        assert str(aside) in note
        assert aside.read_bytes() == content
        assert engine.jobs() == []
        job = engine.submit(pictures_of())
    with JobEngine(tmp_path, worker=False) as engine:
        assert engine.notes == ()
        assert engine.jobs() == [job]


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    (job,) = accept(tmp_path, [pictures_of()])
    path = tmp_path / "jobs" / "jobs.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(InvalidRequest, match="newer Lapdraw"), JobEngine(tmp_path):
        pass
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA user_version = 1")
    with JobEngine(tmp_path, worker=False) as engine:
        assert engine.jobs() == [job]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="POSIX permissions")
def test_a_folder_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "jobs").write_text("in the way")
    with pytest.raises(InvalidRequest, match="cannot be written"), JobEngine(tmp_path):
        pass


def test_a_job_that_cannot_be_stored_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with JobEngine(tmp_path, worker=False) as engine:
        engine.submit(pictures_of())
        store = engine._parts[0]
        pages = store.rows("PRAGMA page_count")[0][0]
        store.rows(f"PRAGMA max_page_count = {pages}")  # a disk that is full
        with pytest.raises(InvalidRequest, match=r"cannot be stored \(database or disk is full\)"):
            engine.submit(pictures_of(prompt="a house " * 9000))
        assert len(engine.jobs()) == 1
        assert [path.name for path in engine.folder.iterdir() if path.is_dir()] == []
        store.rows("PRAGMA max_page_count = 100000")
        engine.submit(pictures_of(prompt="a house " * 20))
        assert len(engine.jobs()) == 2


def test_only_the_newest_finished_jobs_are_remembered(store: Store) -> None:
    for number in range(6):
        store.add(f"0000000{number}", SPEC, 0.0)
    for number in range(4):
        store.cancel_queued(f"0000000{number}", 1.0)
    store.add_result("00000000", 0, {})
    assert sorted(store.prune(2)) == ["00000000", "00000001"]
    assert [job.id[-1] for job in store.jobs()] == ["5", "4", "3", "2"]
    assert store.rows("SELECT COUNT(*) FROM results")[0][0] == 0
