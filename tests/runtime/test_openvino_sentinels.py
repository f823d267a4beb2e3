"""What makes the guard doubt a result, and how far apart two results may be."""

import math

import numpy as np
import pytest

from runtime.arrays import Array
from runtime.backends.base import Device
from runtime.backends.openvino_guard import Assignment, next_best
from runtime.backends.openvino_sentinels import (
    Sentinel,
    difference,
    fingerprint_of,
    is_flat,
    limit,
    neighbour_correlation,
    plain_fault,
)


def noise(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def gradient(rows: int = 1) -> Array:
    line = np.linspace(-1, 1, 32, dtype=np.float32)
    return np.broadcast_to(line, (rows, 3, 32, 32)).copy()


def test_differences_of_a_right_device_pass_and_those_of_a_broken_one_do_not() -> None:
    right = noise(2, 4, 16, 16)
    for precision, mantissa in (("f16", 11), ("bf16", 8)):
        rounded = right * (1 + noise(2, 4, 16, 16, seed=1) * np.float32(4 / 2**mantissa))
        assert difference(rounded, right) < limit(precision, "fp16")
    one_row = np.stack([right[0], noise(4, 16, 16, seed=2)])
    for wrong in (np.zeros_like(right), noise(2, 4, 16, 16, seed=3), right * 2, one_row, -right):
        assert difference(wrong, right) > limit("bf16", "int8")
    assert difference(right, right) == 0


def test_what_is_not_a_number_agrees_with_nothing() -> None:
    right = noise(2, 4, 8, 8)
    spoiled = right.copy()
    spoiled[1, 0, 0, 0] = np.nan
    for result, reference in ((spoiled, right), (right, spoiled), (spoiled, spoiled)):
        assert difference(result, reference) == math.inf


def test_a_dull_picture_is_measured_by_its_size() -> None:
    grey = np.full((1, 3, 8, 8), 0.5, np.float32)
    assert difference(grey + np.float32(1e-4), grey) < limit("f32", "fp16")
    assert difference(-grey, grey) > 1


def test_what_is_not_a_number_is_a_fault_and_a_flat_row_a_doubt() -> None:
    result = noise(2, 4, 8, 8)
    assert plain_fault(result) is None
    assert not is_flat(result)
    result[1] = 0.25
    assert is_flat(result)
    result[0, 0, 0, 0] = np.inf
    assert plain_fault(result) == "gave values that are not numbers"


@pytest.mark.parametrize("guided", [True, False])
def test_predictions_of_a_pass_are_not_doubted_and_noise_is(guided: bool) -> None:
    """Predictions as a UNet gives them: mostly the noise that is in the sample, alike from step to step."""
    sentinel, truth, rows = Sentinel(component="unet"), noise(1, 4, 16, 16), 2 if guided else 1
    for step in range(1, 9):
        sample = np.repeat(truth * (1 - step / 10) + noise(1, 4, 16, 16, seed=1) * (step / 10), rows, axis=0)
        result = np.repeat(truth, rows, axis=0) + 0.2 * noise(rows, 4, 16, 16, seed=step)
        assert not sentinel.doubts(sample, result, guided, None)
    assert sentinel.doubts(sample, noise(rows, 4, 16, 16, seed=20), guided, None)


def test_predictions_of_v_are_not_doubted_tile_by_tile_and_noise_is_at_the_second_step() -> None:
    """v is at a right angle to its sample; beside the latents, all tiles see much the same grey."""
    sentinel, tiles = Sentinel(component="unet", predicts_noise=False), 70
    beside = np.full((1, 3, 16, 16), 2, np.float32)

    def tile(number: int, angle: float) -> tuple[Array, Array]:
        picture, start = noise(1, 4, 16, 16, seed=number), noise(1, 4, 16, 16, seed=1000 + number)
        sample = np.cos(angle) * picture + np.sin(angle) * start
        v = np.cos(angle) * start - np.sin(angle) * picture
        return np.concatenate([sample, beside], axis=1).astype(np.float32), v.astype(np.float32)

    for angle in (1.5, 1.0, 0.5):
        for number in range(tiles):
            assert not sentinel.doubts(*tile(number, angle), False, None)
    broken = Sentinel(component="unet", predicts_noise=False)
    for number in range(tiles):
        assert not broken.doubts(tile(number, 1.5)[0], noise(1, 4, 16, 16, seed=2000 + number), False, None)
    assert broken.doubts(tile(3, 1.2)[0], noise(1, 4, 16, 16, seed=3000), False, None)


def test_the_same_noise_at_every_call_is_doubted() -> None:
    sentinel, broken = Sentinel(component="unet"), np.repeat(noise(1, 4, 16, 16), 2, axis=0)
    for seed in (1, 2):
        assert sentinel.doubts(np.repeat(noise(1, 4, 16, 16, seed=seed), 2, axis=0), broken, True, None)


def test_pictures_have_neighbours_that_agree() -> None:
    assert neighbour_correlation(gradient()) > 0.9
    decoder = Sentinel(component="vae_decoder")
    assert not decoder.doubts(noise(2, 4, 4, 4), gradient(2), False, None)
    assert decoder.doubts(noise(2, 4, 4, 4), np.concatenate([gradient(), noise(1, 3, 32, 32)]), False, None)
    assert decoder.doubts(noise(1, 4, 4, 4), gradient() * 100, False, None)


def test_the_first_token_does_not_depend_on_the_prompt() -> None:
    encoder, hidden = Sentinel(component="text_encoder"), noise(2, 77, 32)
    hidden[1, 0] = hidden[0, 0]
    kept = fingerprint_of("text_encoder", hidden)
    assert not encoder.doubts(hidden, hidden, True, None)
    assert not encoder.doubts(hidden, hidden[:1], False, kept)
    assert encoder.doubts(hidden, noise(2, 77, 32, seed=1), True, None)
    assert encoder.doubts(hidden, noise(1, 77, 32, seed=1), False, kept)


def test_a_component_goes_to_f32_and_then_to_the_cpu() -> None:
    def place(native: str, precision: str, *precisions: str) -> Assignment:
        known = dict.fromkeys(("backend", "name", "kind", "driver"), "")
        device = Device(id=native.lower(), native=native, precisions=precisions, memory_bytes=None, **known)
        return Assignment(device=device, precision=precision)

    cpu = place("CPU", "f32", "f32", "bf16")
    gpu = place("GPU.0", "f16", "f32", "f16")
    then = next_best(gpu, cpu.device)
    assert (then.device, then.precision) == (gpu.device, "f32")
    assert next_best(then, cpu.device) == cpu
    assert next_best(place("NPU", "f16", "f16"), cpu.device) == cpu
    assert next_best(place("CPU", "bf16", "f32", "bf16"), cpu.device).is_reference
