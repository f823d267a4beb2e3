"""What the CPU can do at its best: operations per second in each precision, bytes per second of memory."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13

from runtime.backends.base import Peak
from runtime.backends.openvino_devices import openvino_devices
from runtime.backends.openvino_kernels import count_kernels
from runtime.placement import find_device

SECONDS_A_PRODUCT = 0.12
PASSES = 6  # over memory
NUMPY_SIZE = 1536
MEMORY_BYTES = 256 * 2**20  # an array: several times the caches of any laptop
MEMORY_THREADS = 16  # more gain nothing: the memory is what is full
ISA_LIMIT = "ONEDNN_MAX_CPU_ISA"
IGNORES_THE_LIMIT = "mlas"  # kernels of this library take the widest instructions whatever the limit says

Network = tuple[ov.Model, float]  # with the operations of one run: a multiplication and an addition are two


def measure_peak(on_phase: Callable[[str], None] | None = None) -> Peak:
    """Measure for two to three seconds: the best of several products, and the best of reading and copying.

    Products run through OpenVINO's CPU plugin in f32, bf16 where that is native, and int8; in f32 NumPy's
    product counts too, when it is faster. Under ONEDNN_MAX_CPU_ISA only kernels that honour the limit count.
    """
    say = on_phase or (lambda phase: None)
    core = ov.Core()
    cpu = find_device("cpu", openvino_devices(core, ""))
    limited = bool(os.environ.get(ISA_LIMIT))
    gflops = {}
    for precision in cpu.precisions:
        if precision in ("f32", "bf16", "int8"):
            say(f"measuring the CPU's arithmetic in {precision}")
            gflops[precision] = best_product(core, precision, limited)
    if not limited:
        gflops["f32"] = max(gflops["f32"], _numpy_product())
    say("measuring the memory")
    return Peak(gflops=gflops, gigabytes_per_second=_memory())


def best_product(core: ov.Core, precision: str, limited: bool) -> float:
    """Return GFLOPS in one precision; where `limited`, only of kernels that honour ONEDNN_MAX_CPU_ISA."""
    rates = [0.0]
    for network, operations in _networks(precision):
        hint = "f32" if precision == "int8" else precision
        compiled = core.compile_model(
            network, "CPU", {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": hint}
        )
        if not limited or not _ignores_the_limit(compiled):
            rates.append(operations / _best_seconds(compiled) / 1e9)
    return max(rates)


def _networks(precision: str) -> Iterator[Network]:
    """Products small enough for the caches and large enough for every core; one has the shape of a UNet's."""
    quantized = precision == "int8"
    for rows, inner, columns in ((512, 512, 512), (1024, 1024, 1024), (4096, 320, 320)):
        yield _product(rows, inner, columns, quantized)
    for channels, side in ((128, 32), (320, 64)):
        yield _convolution(channels, side, quantized)
    if not quantized:
        yield _product_of_inputs(512)


def _product(rows: int, inner: int, columns: int, quantized: bool) -> Network:
    left = opset13.parameter([rows, inner], ov.Type.f32)
    right = opset13.constant(_numbers(inner, columns))
    product = opset13.matmul(*_quantized(left, right, quantized), False, False)
    return ov.Model([product], [left], "product"), 2.0 * rows * inner * columns


def _product_of_inputs(size: int) -> Network:
    left, right = (opset13.parameter([size, size], ov.Type.f32) for _ in range(2))
    product = opset13.matmul(left, right, False, False)
    return ov.Model([product], [left, right], "product of inputs"), 2.0 * size**3


def _convolution(channels: int, side: int, quantized: bool) -> Network:
    image = opset13.parameter([1, channels, side, side], ov.Type.f32)
    kernel = opset13.constant(_numbers(channels, channels, 3, 3))
    result = opset13.convolution(*_quantized(image, kernel, quantized), [1, 1], [1, 1], [1, 1], [1, 1])
    return ov.Model([result], [image], "convolution"), 2.0 * channels**2 * side**2 * 9


def _quantized(inputs: Any, weights: Any, wanted: bool) -> tuple[Any, Any]:
    """Let both sides of a product be int8: 256 levels of the input, 255 of the weights, as quantizers do."""
    if not wanted:
        return inputs, weights
    low, high = (opset13.constant(np.array(limit, np.float32)) for limit in (-4, 4))
    return tuple(
        opset13.fake_quantize(side, low, high, low, high, levels)
        for side, levels in ((inputs, 256), (weights, 255))
    )


def _ignores_the_limit(compiled: ov.CompiledModel) -> bool:
    return any(IGNORES_THE_LIMIT in kernel for kernel in count_kernels(compiled))


def _best_seconds(compiled: ov.CompiledModel) -> float:
    request = compiled.create_infer_request()
    for index, port in enumerate(compiled.inputs):
        request.set_input_tensor(index, ov.Tensor(_numbers(*port.get_shape())))
    request.infer()
    return _best_of(request.infer, SECONDS_A_PRODUCT)


def _numpy_product() -> float:
    left, right = _numbers(NUMPY_SIZE, NUMPY_SIZE), _numbers(NUMPY_SIZE, NUMPY_SIZE)
    result = left @ right
    seconds = _best_of(lambda: np.matmul(left, right, out=result), SECONDS_A_PRODUCT)
    return float(2.0 * NUMPY_SIZE**3 / seconds / 1e9)


def _best_of(run: Callable[[], object], seconds: float) -> float:
    """The shortest of the runs that begin within `seconds`."""
    best, end = float("inf"), time.perf_counter() + seconds
    while (started := time.perf_counter()) < end:
        run()
        best = min(best, time.perf_counter() - started)
    return best


def _memory() -> float:
    """GB/s, the larger of reading and of copying (bytes read and bytes written), all cores at once."""
    threads = min(os.cpu_count() or 1, MEMORY_THREADS)
    source = np.ones(MEMORY_BYTES // 4, np.float32)
    target = np.zeros_like(source)
    parts = list(zip(np.array_split(source, threads), np.array_split(target, threads), strict=True))
    with ThreadPoolExecutor(threads) as pool:
        read = _best_pass(lambda: list(pool.map(lambda part: part[0].max(), parts)))
        copied = _best_pass(lambda: list(pool.map(lambda part: np.copyto(part[1], part[0]), parts)))
    return max(source.nbytes / read, 2 * source.nbytes / copied) / 1e9


def _best_pass(run: Callable[[], object]) -> float:
    run()  # pages are there from now on
    seconds = []
    for _ in range(PASSES):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def _numbers(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(0).standard_normal(shape, np.float32)
