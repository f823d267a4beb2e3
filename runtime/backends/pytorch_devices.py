"""What PyTorch finds on this machine, in the words people use."""

import platform

import torch

from runtime.backends.base import Device
from runtime.machine import cpu_features, cpu_name

CAPABILITIES_WITHOUT_BF16 = ("AVX2", "DEFAULT")  # of x86, under ATEN_CPU_CAPABILITY too


def list_pytorch_devices() -> tuple[Device, ...]:
    """Return the CPU, every CUDA GPU, and Apple's GPU."""
    version = f"PyTorch {torch.__version__}"
    devices = [
        Device(
            id="pytorch-cpu",
            backend="pytorch",
            native="cpu",
            name=cpu_name(),
            kind="CPU",
            driver=version,
            precisions=("f32", "bf16") if has_native_bf16() else ("f32",),
            memory_bytes=None,
        )
    ]
    for number in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(number)
        devices.append(
            Device(
                id="cuda" if number == 0 else f"cuda.{number}",
                backend="pytorch",
                native=f"cuda:{number}",
                name=properties.name,
                kind="CUDA GPU",
                driver=f"CUDA {torch.version.cuda}",
                # bf16 is native from Ampere (8.0) on; PyTorch emulates it on older ones.
                precisions=("f32", "f16", "bf16") if properties.major >= 8 else ("f32", "f16"),
                memory_bytes=int(properties.total_memory),
                cores=properties.multi_processor_count,
                architecture=f"compute capability {properties.major}.{properties.minor}",
            )
        )
    if torch.backends.mps.is_available():
        devices.append(
            Device(
                id="mps",
                backend="pytorch",
                native="mps",
                name="Apple GPU",
                kind="MPS GPU",
                driver=version,
                precisions=("f32", "f16"),
                memory_bytes=int(torch.mps.recommended_max_memory()),
            )
        )
    return tuple(devices)


def has_native_bf16() -> bool:
    """Whether the CPU multiplies bf16 itself, and PyTorch is allowed to: it emulates it where not, slowly."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return "bf16" in cpu_features()
    if torch.backends.cpu.get_cpu_capability() in CAPABILITIES_WITHOUT_BF16:
        return False
    # Every CPU with AMX has AVX512_BF16 too.
    return bool(torch.cpu._is_avx512_bf16_supported())
