"""The compiled-model cache: whole entries or none, checked before use, bounded."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.backends.compiled_cache import BLOB, ENTRY, CompiledCache, digest

KEY = {"content": "a", "precision": "f32", "shapes": [["sample", [2, 4, 16, 16]]]}
DATA = bytes(range(256)) * 8


def test_a_stored_blob_comes_back(tmp_path: Path) -> None:
    cache = CompiledCache(tmp_path / "cache")
    assert cache.load(KEY, bytes) is None
    cache.store(KEY, DATA)
    assert cache.load(KEY, bytes) == DATA
    assert cache.load(KEY | {"precision": "bf16"}, bytes) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(position=st.integers(0, len(DATA) - 1), bit=st.integers(0, 7), cut=st.booleans())
def test_a_damaged_blob_is_never_used_and_is_removed(
    tmp_path: Path, position: int, bit: int, cut: bool
) -> None:
    cache = CompiledCache(tmp_path / "cache")
    cache.store(KEY, DATA)
    blob = tmp_path / "cache" / digest(KEY) / BLOB
    damaged = bytearray(DATA)
    damaged[position] ^= 1 << bit
    blob.write_bytes(DATA[:position] if cut else damaged)
    assert cache.load(KEY, bytes) is None
    assert not blob.parent.exists()


@pytest.mark.parametrize("name", [BLOB, ENTRY])
def test_half_an_entry_is_no_entry(tmp_path: Path, name: str) -> None:
    cache = CompiledCache(tmp_path)
    cache.store(KEY, DATA)
    (tmp_path / digest(KEY) / name).unlink()
    assert cache.load(KEY, bytes) is None


def test_a_blob_the_device_refuses_is_made_again(tmp_path: Path) -> None:
    def refuse(blob: bytes) -> bytes:
        raise RuntimeError("compiled by another version")

    cache = CompiledCache(tmp_path)
    cache.store(KEY, DATA)
    assert cache.load(KEY, refuse) is None
    assert cache.size_bytes() == 0


def test_the_oldest_entries_go_when_the_cache_is_full(tmp_path: Path) -> None:
    cache = CompiledCache(tmp_path, limit_bytes=3 * len(DATA) + 2000)
    for number in range(3):
        cache.store({"number": number}, DATA)
        os.utime(tmp_path / digest({"number": number}) / ENTRY, (number, number))
    assert cache.load({"number": 0}, bytes) == DATA  # used: now the newest
    cache.store({"number": 3}, DATA)
    assert cache.load({"number": 1}, bytes) is None
    assert cache.load({"number": 0}, bytes) == DATA
    assert cache.load({"number": 3}, bytes) == DATA
    assert cache.clear() == 3 * len(DATA) + _records(3)
    assert cache.size_bytes() == 0


def _records(count: int) -> int:
    """The bytes of `count` records of an entry."""
    record = '{\n "key": {\n  "number": 0\n },\n "bytes": 2048,\n "sha256": "' + "0" * 64 + '"\n}'
    return count * len(record)


def test_a_cache_that_cannot_be_written_to_only_costs_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = CompiledCache(tmp_path / "file" / "cache")
    cache.store(KEY, DATA)
    assert cache.size_bytes() == 0
