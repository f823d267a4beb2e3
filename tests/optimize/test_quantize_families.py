"""int8 of SDXL and LCM: calibrated on what `generate` tells the UNet, and both precisions come out."""

from collections.abc import Callable

import numpy as np
import openvino as ov
import pytest

from optimize import quantize_model
from optimize.int8_recipe import choose_samples, kept_in_float, walk_of
from optimize.quantize_worker import run_stage
from optimize.trajectory import on_cpu, record_calls
from runtime import open_pipeline
from runtime.arrays import Array
from runtime.backends.base import Conditioning
from runtime.model_folder import ModelFolder
from runtime.studio import Studio

# What a UNet is told besides the prompt, how many halves of guidance there are, the steps, what embeds it.
FAMILIES = {
    "tiny-xl": ({"text_embeds", "time_ids"}, 2, 6, "add_embedding"),
    "tiny-lcm": ({"timestep_cond"}, 1, 4, "cond_proj"),
}

Exported = Callable[[str], ModelFolder]

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("small_recipe")]


@pytest.mark.parametrize("family", FAMILIES)
def test_recorded_calls_are_those_that_generate_makes(
    family: str, family_export: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = family_export(family)
    told, halves, steps, _ = FAMILIES[family]
    walk = walk_of(model)
    with on_cpu(model, walk.shape) as components:
        calls = list(record_calls(model, components, walk))
    assert len(calls) >= steps * len(walk.prompts)

    heard: list[tuple[Array, float, Conditioning]] = []
    timed = Studio._timed_unet

    def listening(studio: Studio, sample: Array, timestep: float, conditioning: Conditioning) -> Array:
        heard.append((sample, timestep, conditioning))
        return timed(studio, sample, timestep, conditioning)

    monkeypatch.setattr(Studio, "_timed_unet", listening)
    with open_pipeline(model.path, device="cpu", execution_precision="f32", cache=False) as pipeline:
        for request in walk.requests:
            pipeline.generate(request).result()
    assert len(heard) == len(calls)
    for call, (sample, timestep, conditioning) in zip(calls, heard, strict=True):
        assert call.timestep == timestep
        assert call.extra.keys() == conditioning.extra.keys() == told
        assert len(call.sample) == halves
        np.testing.assert_allclose(call.sample, sample, rtol=1e-4, atol=1e-4)
        np.testing.assert_array_equal(call.encoder_hidden_states, conditioning.encoder_hidden_states)
        for name in told:
            np.testing.assert_array_equal(call.extra[name], conditioning.extra[name])
    samples = choose_samples(calls)
    assert samples[0].keys() == {"sample", "timestep", "encoder_hidden_states"} | told
    assert {len(rows) for sample in samples for rows in sample.values()} == {1}


@pytest.mark.parametrize("family", FAMILIES)
def test_what_hangs_on_no_pixel_and_no_word_stays_in_float(family: str, family_export: Exported) -> None:
    kept = kept_in_float(ov.Core().read_model(family_export(family).ir("unet")))
    found = [name for name in kept if FAMILIES[family][3] in name]
    assert len(found) == (2 if family == "tiny-xl" else 1), kept


@pytest.mark.parametrize(
    ("family", "precision"),
    [
        ("tiny-xl", "int8-weights"),
        ("tiny-lcm", "int8"),
        pytest.param("tiny-xl", "int8", marks=pytest.mark.campaign),
        pytest.param("tiny-lcm", "int8-weights", marks=pytest.mark.campaign),
    ],
)
def test_they_become_int8(
    family: str, precision: str, family_export: Exported, tmp_path_factory: pytest.TempPathFactory
) -> None:
    model = family_export(family)
    made = quantize_model(model.path, tmp_path_factory.mktemp("int8") / family, precision, do_stage=run_stage)
    made.verify()
    assert made.manifest is not None
    said = made.manifest.quantization
    assert said is not None
    assert made.components == model.components
    assert 0 < said.unet_error < (0.2 if precision == "int8" else 0.05)
    assert (said.steps, said.pictures) == (FAMILIES[family][2], 1)
    before, after = (folder.ir("unet").with_suffix(".bin").stat().st_size for folder in (model, made))
    assert after < 0.7 * before
    assert len(said.kept_in_float) > 2 if precision == "int8" else said.kept_in_float == ()
