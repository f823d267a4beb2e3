"""Records that a stranger wrote: read whole, or refused in one sentence that names the field."""

import copy
import json
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.record import SCHEMA, Marks, Peak, Record, Row, Sample
from benchmarks.record_file import parse_record, read_record, write_record
from runtime.errors import InvalidRequest

RECORD = Record(
    created="2026-11-21T07:00:00Z",
    command="launch.py benchmark",
    isa="native",
    rounds=1,
    model={"name": "m", "kind": "model", "weights": "trained", "precision": "fp16", "bytes": 4},
    request={
        **{"task": "text-to-image", "sampler": "DDIM", "prompt": "p", "seed": 3},
        **{"width": 64, "height": 64, "num_inference_steps": 4, "guidance_scale": 7.5},
    },
    work={"unet_gflop_per_step": 1.0, "vae_decoder_gflop": 2.0},
    environment={"cpu": {"name": "a CPU"}},
    peak=Peak(gflops={"f32": 100.0}, gigabytes_per_second=None),
    rows=(
        Row(
            id="lapdraw-f32",
            label="Lapdraw",
            group="lapdraw",
            driver="lapdraw",
            device="cpu",
            precision="f32",
            status="measured",
            kernels={"brgconv_avx2": 3},
            placement={"unet": {"device": "cpu", "precision": "f32"}},
            samples=(
                Sample(
                    round=0,
                    cache="warm",
                    marks=Marks(imported=1.0, ready=2.0, steps=(3.0,), decoded=4.0),
                    components={"read": {"unet": 0.5}, "from_cache": {"unet": True}},
                ),
            ),
        ),
    ),
)
PLAIN = json.loads(json.dumps({"schema": SCHEMA} | asdict(RECORD)))


def test_a_record_is_read_as_it_was_written(tmp_path: Path):
    write_record(RECORD, tmp_path / "folder" / "record.json")
    assert read_record(tmp_path / "folder" / "record.json") == RECORD


def paths_in(value, path=()):
    yield path
    for key, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from paths_in(inner, (*path, key))


@settings(max_examples=300, deadline=None)
@given(
    path=st.sampled_from([path for path in paths_in(PLAIN) if path]),
    value=st.sampled_from([None, "x", -1, 10**400, float("nan"), True, [], {}, [[]], "<b>"]),
)
def test_a_changed_value_is_taken_or_refused_in_one_sentence(path, value):
    changed = copy.deepcopy(PLAIN)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    sentence = refusal(changed)
    assert "\n" not in sentence
    assert len(sentence) < 300


def refusal(value) -> str:
    try:
        parse_record(value)
    except InvalidRequest as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "is not JSON"),
        (b"[]", "the record must be an object"),
        (b"{}", "the record has no schema"),
        (b'{"schema": "lapdraw-benchmark/9"}', "this version reads lapdraw-benchmark/1"),
        (b"[" * 100_000, "is not JSON"),
    ],
)
def test_what_is_no_record_is_refused_by_name(tmp_path: Path, content: bytes, sentence: str):
    path = tmp_path / "r.json"
    path.write_bytes(content)
    with pytest.raises(InvalidRequest, match=sentence) as caught:
        read_record(path)
    assert "r.json" in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(InvalidRequest, match=r"cannot read .*nowhere\.json"):
        read_record(tmp_path / "nowhere.json")
