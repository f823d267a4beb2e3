"""Headers of .safetensors files are read as they are meant, and wrong ones refused in one sentence, soon."""

import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from optimize.tensor_values import tensor_values
from runtime.checkpoint import open_checkpoint
from runtime.errors import ModelFolderError
from runtime.safetensors_header import MAX_HEADER_BYTES, read_header
from tests.safetensors_files import checkpoint_shapes, header_of, write_header, write_raw

CASES = 5000
SECONDS = 2.0


def refused(path: Path) -> str:
    with pytest.raises(ModelFolderError) as caught:
        read_header(path)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(str(path))
    return text


def test_a_file_of_the_library_is_read_as_it_was_written(tmp_path: Path) -> None:
    arrays = {
        "b": np.arange(6, dtype=np.float32).reshape(2, 3),
        "a": np.array([0.5, -2], np.float16),
        "empty": np.zeros(0, np.float32),
    }
    save_file(arrays, tmp_path / "x.safetensors", {"title": "one"})
    header = read_header(tmp_path / "x.safetensors")
    assert {name: tensor.shape for name, tensor in header.tensors.items()} == {
        "a": (2,),
        "b": (2, 3),
        "empty": (0,),
    }
    assert header.metadata == {"title": "one"}
    for name, array in arrays.items():
        np.testing.assert_array_equal(tensor_values(header, name), array)


def test_bf16_is_read_as_its_numbers(tmp_path: Path) -> None:
    path = write_header(tmp_path / "x.safetensors", header_of({"a": (3,)}, "BF16"))
    data = np.array([1.0, -2.5, 384.0], "<f4").view("<u4") >> 16
    path.write_bytes(path.read_bytes()[:-6] + data.astype("<u2").tobytes())
    assert tensor_values(read_header(path), "a").tolist() == [1.0, -2.5, 384.0]


GOOD: dict[str, Any] = header_of({"a": (2, 3), "b": (4,)})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda h: h["a"].update(dtype="F17"), "unknown type 'F17'"),
        (lambda h: h["a"].update(dtype=7), "unknown type 7"),
        (lambda h: h["a"].update(shape=[2, -3]), "impossible shape [2, -3]"),
        (lambda h: h["a"].update(shape=[2, 3.0]), "impossible shape"),
        (lambda h: h["a"].update(shape=[True, 6]), "impossible shape"),
        (lambda h: h["a"].update(shape=[1] * 17), "impossible shape"),
        (lambda h: h["a"].update(shape=[2, 4]), "has 12 bytes for F16 of shape [2, 4]"),
        (lambda h: h["a"].update(shape=[1 << 59] * 16), "has 12 bytes for F16"),
        (lambda h: h["a"].update(data_offsets=[0, 1 << 70]), "impossible place"),
        (lambda h: h["a"].update(data_offsets=[12, 0]), "bytes for F16"),
        (lambda h: h["b"].update(data_offsets=[4, 12]), "'b' does not begin where"),
        (lambda h: h["b"].update(data_offsets=[16, 24]), "'b' does not begin where"),
        (lambda h: h["a"].pop("shape"), "'a' is no tensor"),
        (lambda h: h["a"].update(more=1), "'a' is no tensor"),
        (lambda h: h.update({"c\nd": None}), r"'c\nd' is no tensor"),
        (lambda h: h.update(__metadata__={"a": 1}), "its metadata are not texts"),
        (lambda h: h.update(__metadata__=[]), "its metadata are not texts"),
    ],
)
def test_what_a_tensor_cannot_be_is_named(tmp_path: Path, change: Callable[[Any], object], said: str) -> None:
    header = json.loads(json.dumps(GOOD))
    change(header)
    assert said in refused(write_raw(tmp_path / "x.safetensors", json.dumps(header).encode(), 20))


@pytest.mark.parametrize(
    ("text", "data_bytes", "said"),
    [
        (b"", 0, "cut short or no safetensors file"),
        (b"[]", 0, "cut short or no safetensors file"),
        (b'{"a"', 0, "cut short or no safetensors file"),
        (b'{"\xff\xfe": {}}', 0, "cut short or no safetensors file"),
        (json.dumps(GOOD).encode(), 19, "it holds 19 bytes, names 20"),
        (json.dumps(GOOD).encode(), 21, "it holds 21 bytes, names 20"),
        (b'{"a": {}, "a": {}}', 0, "two entries of one name"),
        (b'{"__metadata__": {"a": "x", "a": "y"}}', 0, "two entries of one name"),
        (b"{" + b" " * MAX_HEADER_BYTES + b"}", 0, "at most 16777216 are read"),
        (b'{"a":' * 100_000, 0, "cut short or no safetensors file"),
        (b"{" + b",".join(b'"%d":{}' % n for n in range(110_000)) + b"}", 0, "more than 100000 tensors"),
        (b'{"a": ' + b"9" * 100_000 + b"}", 0, "is"),
    ],
)
def test_what_is_no_header_is_refused_soon(tmp_path: Path, text: bytes, data_bytes: int, said: str) -> None:
    path = write_raw(tmp_path / "x.safetensors", text, data_bytes)
    started = time.monotonic()
    assert said in refused(path)
    assert time.monotonic() - started < SECONDS


def test_a_file_that_is_gone_short_or_a_folder(tmp_path: Path) -> None:
    assert "is missing" in refused(tmp_path / "none.safetensors")
    (tmp_path / "short.safetensors").write_bytes(b"\x02")
    assert "cut short" in refused(tmp_path / "short.safetensors")
    (tmp_path / "huge.safetensors").write_bytes(b"\xff" * 8 + b"{}")
    assert "cut short" in refused(tmp_path / "huge.safetensors")
    (tmp_path / "folder.safetensors").mkdir()
    assert "cannot be read" in refused(tmp_path / "folder.safetensors")


VALUES: tuple[Any, ...] = (
    *(-1, 0, 1, 3, 1 << 31, 1 << 62, 1 << 64, 10**40, 0.5, 1e300, True, None, "", "F32", "F16", "F17", "I8"),
    *([], {}, [0], [0, 0], [[]], [1, 2, 3], {"dtype": "F32"}, "\x00", "\ud83d\ude00", "x" * 10_000),
)


def mutated(draw: random.Random, header: dict[str, Any]) -> bytes:
    """Return the text of a header with one to three things wrong."""
    header = json.loads(json.dumps(header))
    for _ in range(draw.randint(1, 3)):
        name = draw.choice(list(header))
        tensor = header[name]
        match draw.randrange(10):
            case 0 | 1 if isinstance(tensor, dict):
                tensor[draw.choice(["dtype", "shape", "data_offsets", "other"])] = draw.choice(VALUES)
            case 2 | 3 if (
                isinstance(tensor, dict) and isinstance(tensor.get("shape"), list) and tensor["shape"]
            ):
                tensor["shape"][draw.randrange(len(tensor["shape"]))] = draw.choice(VALUES)
            case 4 | 5 if isinstance(tensor, dict) and isinstance(tensor.get("data_offsets"), list):
                tensor["data_offsets"] = [draw.choice([*VALUES, 8, 64]), *tensor["data_offsets"][1:]]
            case 6:
                header[name] = draw.choice(VALUES)
            case 7:
                del header[name]
                header = header or {"a": draw.choice(VALUES)}
            case 8:
                header[draw.choice(["", "__metadata__", "v_pred", "a" * 5000, "\n", name + "x"])] = tensor
            case _:
                header["__metadata__"] = draw.choice([*VALUES, {"modelspec.resolution": "x"}])
    text = json.dumps(header)
    if draw.random() < 0.1:
        text = text.replace("[", "[" * draw.choice([2, 100, 5000]), 1)
    if draw.random() < 0.1:
        text = text[:-1] + "," + text[1:]  # every name twice
    return text.encode("utf-8", "surrogatepass")


def damaged(draw: random.Random, data: bytes) -> bytes:
    """Return a file's first bytes with some of them changed, cut or grown."""
    changed = bytearray(data)
    match draw.randrange(5):
        case 0:
            changed = changed[: draw.randrange(len(changed))]
        case 1:
            changed[:8] = draw.choice([0, 1, 8, len(data), 1 << 24, (1 << 24) + 1, 1 << 63]).to_bytes(
                8, "little"
            )
        case 2:
            for _ in range(draw.randint(1, 20)):
                changed[draw.randrange(len(changed))] = draw.randrange(256)
        case 3:
            place = draw.randrange(len(changed))
            changed[place:place] = draw.randbytes(draw.randint(1, 300))
        case _:
            place = draw.randrange(len(changed))
            changed[place : place + 20] = b"\xff\xc0\x00{}"
    return bytes(changed)


def test_mutated_headers_end_in_a_sentence_or_are_what_the_library_reads_too(tmp_path: Path) -> None:
    draw = random.Random(6)
    header = header_of(checkpoint_shapes(768) | {"v": (0,)}, metadata={"modelspec.title": "one"})
    data_bytes = max(value["data_offsets"][1] for name, value in header.items() if name != "__metadata__")
    path = tmp_path / "x.safetensors"
    start = write_header(path, header).read_bytes()[:-data_bytes]
    refused_ones, slowest = 0, 0.0
    for case in range(CASES):
        if case % 2:
            text = mutated(draw, header)
            data = len(text).to_bytes(8, "little") + text
            size = len(data) + draw.choice([0, 1, data_bytes, data_bytes, 1 << 20])
        else:
            data = damaged(draw, start)
            size = len(data) + data_bytes
        with path.open("r+b") as file:  # made anew each time, most of this test would be the disk's
            file.write(data)
            file.truncate(size)
        started = time.monotonic()
        fault = _fault(path)
        slowest = max(slowest, time.monotonic() - started)
        if fault is None:
            with safe_open(path, "np") as file:  # raises where the library finds fault
                file.keys()
        else:
            refused_ones += 1
            assert "\n" not in fault, f"case {case}"
            assert len(fault) < 1000, f"case {case}"
    assert slowest < SECONDS
    assert 0.8 * CASES < refused_ones < CASES


def _fault(path: Path) -> str | None:
    """Return why a file is refused as a checkpoint; None where its header at least can be read."""
    try:
        open_checkpoint(path)
    except ModelFolderError as error:
        return (
            str(error) if "is damaged" in str(error) or "no Stable" in str(error) else _fault_of_header(path)
        )
    return None


def _fault_of_header(path: Path) -> str | None:
    """What is refused for its meaning must still be a file that the library reads."""
    read_header(path)
    return None
