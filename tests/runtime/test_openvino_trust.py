"""The file of devices that were right: kept from start to start, and never in the way."""

from pathlib import Path

import numpy as np
import pytest

from runtime.backends.openvino_trust import FILE_NAME, Trust

KEY = {"content": "abc", "device": "GPU", "driver": "1", "size": [1, 2]}


def test_what_was_right_is_known_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "cache" / FILE_NAME
    kept = np.array([0.5, -2.25], np.float32)
    Trust(path).add(KEY, kept)
    again = Trust(path)
    assert again.knows(KEY)
    np.testing.assert_array_equal(again.fingerprint(KEY), kept)
    assert not again.knows(KEY | {"driver": "2"})


def test_each_size_is_right_by_itself_and_wrong_with_all_others(tmp_path: Path) -> None:
    path, larger, other = tmp_path / FILE_NAME, KEY | {"size": [2, 2]}, KEY | {"driver": "2"}
    trust, elsewhere = Trust(path), Trust(path)
    assert not elsewhere.knows(KEY)  # it has read the file, and writes to it later
    trust.add(KEY, None)
    assert not trust.knows(larger)
    trust.add(larger, None)
    elsewhere.add(other, None)
    Trust(path).remove(larger)
    assert [Trust(path).knows(key) for key in (KEY, larger, other)] == [False, False, True]


@pytest.mark.parametrize("content", [b"", b"[1]", b"\xff\xfe", b'{"a": 1, "b": ["x"]}', b"[" * 100_000])
def test_a_damaged_file_only_costs_the_comparison(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(content)
    trust = Trust(path)
    assert not trust.knows(KEY)
    assert trust.fingerprint(KEY) is None
    trust.add(KEY, np.ones(1, np.float32))
    assert Trust(path).knows(KEY)


def test_without_a_place_to_keep_it_it_lasts_as_long_as_the_process(tmp_path: Path) -> None:
    trust = Trust(None)
    trust.add(KEY, np.ones(1, np.float32))
    assert trust.knows(KEY)
    (tmp_path / "file").write_bytes(b"")
    unwritable = Trust(tmp_path / "file" / FILE_NAME)
    unwritable.add(KEY, np.ones(1, np.float32))
    assert unwritable.knows(KEY)
