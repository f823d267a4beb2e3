"""A file that was hashed is not hashed again until somebody writes to it."""

import os
from pathlib import Path

import pytest

from runtime import known_files as known_files_module
from runtime.known_files import KnownFiles
from runtime.manifest import hash_file
from runtime.model_files import hash_of

remembers = pytest.mark.skipif(known_files_module.HASHES_ALWAYS, reason="hashes always")
HOUR_NS = 3600 * 10**9


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were hashed, in order; the clock is an hour ahead: new files count as settled."""
    paths: list[Path] = []

    def counted(path: Path) -> str:
        paths.append(path)
        return hash_of(path)

    now = known_files_module.time.time_ns
    monkeypatch.setattr(known_files_module, "hash_of", counted)
    monkeypatch.setattr(known_files_module.time, "time_ns", lambda: now() + HOUR_NS)
    return paths


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(b"weights" * 1000)
    return path


def agrees(memory: Path | None, file: Path, sha256: str) -> bool:
    """As a start of the program asks."""
    known = KnownFiles(memory)
    answer = known.agrees(file, sha256)
    known.save()
    return answer


@remembers
def test_the_second_start_does_not_hash(tmp_path: Path, weights: Path, hashed: list[Path]) -> None:
    digest = hash_file(weights)
    assert [agrees(tmp_path / "known.json", weights, digest) for _ in range(3)] == [True] * 3
    assert len(hashed) == 1


@pytest.mark.parametrize("keeps_times", [False, True])
def test_one_changed_byte_is_found_even_when_the_time_is_set_back(
    tmp_path: Path, weights: Path, hashed: list[Path], keeps_times: bool
) -> None:
    digest, memory, before = hash_file(weights), tmp_path / "known.json", weights.stat()
    assert agrees(memory, weights, digest)
    with weights.open("r+b") as file:
        file.seek(500)
        file.write(b"\0")
    if keeps_times:
        os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not agrees(memory, weights, digest)
    assert len(hashed) == 2


def test_a_file_put_in_its_place_is_hashed(tmp_path: Path, weights: Path, hashed: list[Path]) -> None:
    digest, memory = hash_file(weights), tmp_path / "known.json"
    assert agrees(memory, weights, digest)
    other = tmp_path / "other.bin"
    other.write_bytes(b"Weights" * 1000)
    other.replace(weights)
    assert not agrees(memory, weights, digest)


def test_another_sha256_is_not_taken_from_memory(tmp_path: Path, weights: Path, hashed: list[Path]) -> None:
    assert agrees(tmp_path / "known.json", weights, hash_file(weights))
    assert not agrees(tmp_path / "known.json", weights, "0" * 64)


def test_a_file_written_a_moment_ago_is_not_remembered(tmp_path: Path, weights: Path) -> None:
    digest, memory = hash_file(weights), tmp_path / "known.json"
    assert agrees(memory, weights, digest)
    assert not memory.exists()


@remembers
@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"a": 3}', b"[" * 100_000])
def test_a_damaged_memory_only_costs_hashing(
    tmp_path: Path, weights: Path, hashed: list[Path], content: bytes
) -> None:
    memory = tmp_path / "known.json"
    memory.write_bytes(content)
    assert agrees(memory, weights, hash_file(weights))
    assert agrees(memory, weights, hash_file(weights))
    assert len(hashed) == 1


def test_without_a_time_that_cannot_be_set_back_everything_is_hashed(
    tmp_path: Path, weights: Path, hashed: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_files_module, "HASHES_ALWAYS", True)
    assert [agrees(tmp_path / "known.json", weights, hash_file(weights)) for _ in range(2)] == [True, True]
    assert len(hashed) == 2


def test_without_a_memory_everything_is_hashed(weights: Path, hashed: list[Path]) -> None:
    assert [agrees(None, weights, hash_file(weights)) for _ in range(2)] == [True, True]
    assert len(hashed) == 2


def test_a_memory_that_cannot_be_written_only_costs_hashing(tmp_path: Path, weights: Path, hashed) -> None:
    (tmp_path / "a-file").write_bytes(b"")
    assert agrees(tmp_path / "a-file" / "known.json", weights, hash_file(weights))
