import pytest

from benchmarks.rows import DEFAULT_PEERS, plan_rows, read_peers, way_of
from benchmarks.ways import PEERS
from runtime.backends.base import Device
from runtime.errors import InvalidRequest


def device(id_: str, *precisions: str, backend: str = "openvino") -> Device:
    return Device(
        id=id_,
        backend=backend,
        native=id_.upper(),
        name=f"the {id_}",
        kind="CPU",
        driver="1",
        precisions=precisions,
        memory_bytes=None,
    )


LAPTOP = [device("cpu", "f32"), device("igpu", "f32", "f16"), device("pytorch-cpu", "f32", backend="pytorch")]
SERVER = [device("cpu", "f32", "bf16"), device("pytorch-cpu", "f32", "bf16", backend="pytorch")]


def planned(
    peers="all", devices=("cpu",), present=SERVER, isa="native", has_source=True, is_guided=True, missing=()
):
    rows = plan_rows(
        read_peers(peers),
        devices,
        present,
        isa=isa,
        has_source=has_source,
        is_guided=is_guided,
        is_installed=lambda package: package not in missing,
    )
    return {row.id: row.reason for row in rows}


def test_with_all_peers_every_way_has_a_row_and_only_cuda_is_not_recorded():
    rows = planned()
    assert {id_ for id_, reason in rows.items() if reason} == {
        *("cuda-f16", "cuda-f32", "cuda-f16-loop", "cuda-f32-loop")
    }
    assert {
        *(
            "lapdraw-f32",
            "lapdraw-bf16",
            "pytorch-f32",
            "pytorch-bf16",
            "pytorch-f32-loop",
            "pytorch-tuned-f32",
        ),
        *("ipex-f32", "ipex-bf16", "optimum-f32", "optimum-bf16", "optimum-dynamic-f32", "genai-f32"),
    } <= rows.keys()
    assert "not yet recorded" in rows["cuda-f16"]


def test_bf16_is_measured_only_where_it_is_native():
    on_laptop = planned(present=LAPTOP)
    assert {on_laptop[id_] for id_ in on_laptop if "bf16" in id_} == {"this CPU has no native bf16"}
    assert planned(isa="avx2")["lapdraw-bf16"] == "the laptop class has no bf16"


def test_what_is_missing_is_said_and_the_rest_runs():
    rows = planned(has_source=False, missing=("openvino_genai",))
    assert rows["pytorch-f32"] == "the model folder names no source weights, which PyTorch needs"
    assert rows["genai-f32"] == "openvino_genai is not installed"
    assert rows["lapdraw-f32"] == rows["optimum-f32"] == ""


def test_what_is_for_guidance_alone_is_not_measured_without():
    rows = planned(is_guided=False)
    reasons = {id_ for id_, reason in rows.items() if reason.startswith("it is for guidance")}
    assert {id_.replace("bf16", "f32") for id_ in reasons} == {
        *("optimum-f32", "lapdraw-f32-sequential", "lapdraw-f32-parallel")
    }


def test_each_asked_device_has_its_own_rows_of_ours():
    rows = planned(peers="none", devices=("cpu", "igpu", "cpu+igpu"), present=LAPTOP)
    assert list(rows) == ["lapdraw-f32", "lapdraw-bf16", "lapdraw-f16@igpu", "lapdraw-f32@cpu+igpu"]


def test_every_row_knows_its_way():
    for peers in ("all", ",".join(DEFAULT_PEERS)):
        for row in plan_rows(read_peers(peers), ("cpu", "igpu"), LAPTOP, isa="native", has_source=True):
            way = way_of(row)
            assert (way.driver, way.label) == (row.driver, row.label.removesuffix(" on igpu"))
            assert way.ipex == row.id.startswith("ipex")


def test_peers_are_read_by_name():
    assert read_peers("all") == PEERS
    assert read_peers("none") == ()
    assert read_peers("genai, optimum") == ("genai", "optimum")
    with pytest.raises(InvalidRequest, match="no peer 'comfy': choose all, none or of guidance, "):
        read_peers("comfy")
