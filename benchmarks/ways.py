"""The ways to make the picture that a run compares: one table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TUNED = {"channels_last": True, "compile": True}


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to make the picture; a row for each of its precisions."""

    peer: str  # the name --peers knows it by; "" for ours, which always runs
    id: str  # of the row, with {precision}
    label: str
    group: str
    driver: str
    precisions: tuple[str, ...] = ("f32", "bf16")
    device: str | None = None  # None: the device that was asked for
    options: Mapping[str, Any] = field(default_factory=dict)
    package: str | None = None  # what must be importable
    ipex: bool = False  # runs in the environment of requirements/ipex.txt


WAYS = (
    Way(peer="", id="lapdraw-{precision}", label="Lapdraw, OpenVINO", group="lapdraw", driver="lapdraw"),
    Way(
        peer="guidance",
        id="lapdraw-{precision}-sequential",
        label="Lapdraw, halves of guidance in turn",
        group="lapdraw",
        driver="lapdraw",
        device="cpu",
        options={"guidance": "sequential"},
    ),
    Way(
        peer="guidance",
        id="lapdraw-{precision}-parallel",
        label="Lapdraw, halves of guidance side by side",
        group="lapdraw",
        driver="lapdraw",
        device="cpu",
        options={"guidance": "parallel"},
    ),
    Way(
        peer="pytorch",
        id="pytorch-{precision}",
        label="PyTorch, diffusers",
        group="pytorch",
        driver="diffusers_plain",
        device="pytorch-cpu",
        package="diffusers",
    ),
    Way(
        peer="pytorch-loop",
        id="pytorch-{precision}-loop",
        label="PyTorch, our loop",
        group="pytorch",
        driver="lapdraw",
        device="pytorch-cpu",
        package="diffusers",
    ),
    Way(
        peer="pytorch-tuned",
        id="pytorch-tuned-{precision}",
        label="PyTorch, channels last and compiled",
        group="pytorch",
        driver="diffusers_plain",
        device="pytorch-cpu",
        options=TUNED,
        package="diffusers",
    ),
    Way(
        peer="pytorch-tuned-loop",
        id="pytorch-tuned-{precision}-loop",
        label="PyTorch, channels last and compiled, our loop",
        group="pytorch",
        driver="lapdraw",
        device="pytorch-cpu",
        options=TUNED,
        package="diffusers",
    ),
    Way(
        peer="ipex",
        id="ipex-{precision}",
        label="PyTorch with Intel's extension",
        group="pytorch",
        driver="diffusers_plain",
        device="pytorch-cpu",
        options={"ipex": True, "channels_last": True},
        ipex=True,
    ),
    Way(
        peer="ipex-loop",
        id="ipex-{precision}-loop",
        label="PyTorch with Intel's extension, our loop",
        group="pytorch",
        driver="lapdraw",
        device="pytorch-cpu",
        options={"ipex": True, "channels_last": True},
        ipex=True,
    ),
    Way(
        peer="cuda",
        id="cuda-{precision}",
        label="PyTorch CUDA, diffusers",
        group="pytorch",
        driver="diffusers_plain",
        device="cuda",
        precisions=("f16", "f32"),
        package="diffusers",
    ),
    Way(
        peer="cuda-loop",
        id="cuda-{precision}-loop",
        label="PyTorch CUDA, our loop",
        group="pytorch",
        driver="lapdraw",
        device="cuda",
        precisions=("f16", "f32"),
        package="diffusers",
    ),
    Way(
        peer="optimum",
        id="optimum-{precision}",
        label="optimum-intel, reshaped",
        group="peer",
        driver="optimum",
        options={"reshaped": True},
        package="optimum.intel",
    ),
    Way(
        peer="optimum-dynamic",
        id="optimum-dynamic-{precision}",
        label="optimum-intel, dynamic",
        group="peer",
        driver="optimum",
        options={"reshaped": False},
        package="optimum.intel",
    ),
    Way(
        peer="genai",
        id="genai-{precision}",
        label="openvino-genai, reshaped",
        group="peer",
        driver="genai",
        options={"reshaped": True},
        package="openvino_genai",
    ),
    Way(
        peer="genai-dynamic",
        id="genai-dynamic-{precision}",
        label="openvino-genai, dynamic",
        group="peer",
        driver="genai",
        options={"reshaped": False},
        package="openvino_genai",
    ),
)
PEERS = tuple(dict.fromkeys(way.peer for way in WAYS if way.peer))
