"""Making a model int8: what comes out, what is refused, and that nothing is left of what was not finished."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import openvino as ov
import pytest

from optimize import int8_recipe, quantize, quantize_model
from optimize.int8_recipe import choose_samples, held_out_walk, kept_in_float
from optimize.quantize_source import Original
from optimize.quantize_worker import QuantizeJob, quantize_in_worker, run_stage
from optimize.trajectory import UNetCall
from runtime import open_pipeline
from runtime.errors import ExportError
from runtime.model_folder import ModelFolder
from runtime.pipeline import BUNDLED_MODELS
from runtime.weight_files import check_ir_pair
from tests.measures import psnr
from tests.models import DEMO_MODEL
from tests.optimize.pretended import never, pretend, pretend_measured
from tests.runtime.model_folders import write_source
from tests.ui.fetched_folders import COMMIT, put_model

Report = Callable[[str], None]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, small_recipe: None) -> ModelFolder:
    output = tmp_path_factory.mktemp("int8") / "full"
    return quantize_model(DEMO_MODEL, output, "int8", do_stage=run_stage)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory, small_recipe: None) -> ModelFolder:
    output = tmp_path_factory.mktemp("int8") / "weights"
    return quantize_model(DEMO_MODEL, output, "int8-weights", do_stage=run_stage)


def test_weights_become_int8_and_half_the_bytes(full: ModelFolder, weights: ModelFolder) -> None:
    before = (DEMO_MODEL / "unet" / "openvino_model.bin").stat().st_size
    for made in (full, weights):
        assert made.precision == "int8"
        assert check_ir_pair(made.ir("unet")) == "int8"
        assert made.ir("unet").with_suffix(".bin").stat().st_size < 0.55 * before


def test_a_model_from_the_hub_stays_one_and_finds_its_source(tmp_path: Path) -> None:
    source = write_source(tmp_path / "cache" / "hub" / "models--ORG--NAME" / COMMIT)
    base, output = ModelFolder(put_model(tmp_path, "mine", source)), tmp_path / "models" / "int8"
    made = Original(model=base).described(base, output)
    assert (made.location, made.revision) == ("ORG/NAME", COMMIT)
    assert made.place(output) == source.resolve()


def test_what_is_not_the_unet_stays_as_it_was(full: ModelFolder) -> None:
    for component in ("text_encoder", "vae_decoder", "vae_encoder"):
        name = f"{component}/openvino_model.bin"
        assert (full.path / name).read_bytes() == (DEMO_MODEL / name).read_bytes()


def test_the_manifest_says_what_was_done_and_what_it_cost(full: ModelFolder, weights: ModelFolder) -> None:
    for made, mode in ((full, "full"), (weights, "weights")):
        assert made.manifest is not None
        said = made.manifest.quantization
        assert said is not None
        assert (said.mode, said.base) == (mode, "fp16")
        assert 0 < said.unet_error <= said.largest_unet_error < 0.3
        assert said.seconds > 0
        assert said.machine
        assert made.manifest.errors["unet"]["int8"] == said.unet_error
        assert made.manifest.errors["vae_decoder"].keys() == {"fp16", "fp32"}
        made.verify()
    assert full.manifest is not None
    assert full.manifest.quantization is not None
    assert full.manifest.quantization.samples == 12  # halves of six calls
    kept = full.manifest.quantization.kept_in_float
    assert any("conv_in" in name for name in kept)
    assert any("conv_out" in name for name in kept)


def test_both_know_the_source_of_the_model_they_were_made_from(full: ModelFolder) -> None:
    assert full.source_path == ModelFolder(DEMO_MODEL).source_path


def test_the_picture_is_kept(full: ModelFolder, weights: ModelFolder) -> None:
    """As far as the manifest says, which is what `generate` makes of both."""
    for made, least in ((full, 27), (weights, 38)):
        assert made.manifest is not None
        assert made.manifest.quantization is not None
        assert made.manifest.quantization.picture_psnr > least
    (request,) = held_out_walk(full).requests
    pictures = []
    for folder in (DEMO_MODEL, full.path):
        with open_pipeline(folder, device="cpu", execution_precision="f32", cache=False) as pipeline:
            pictures.append(np.asarray(pipeline.generate(request).result().images[0]))
    assert full.manifest is not None
    assert full.manifest.quantization is not None
    assert psnr(*pictures) == pytest.approx(full.manifest.quantization.picture_psnr, abs=0.5)


def test_the_edges_are_found_by_their_place_and_not_by_their_names() -> None:
    network = ov.Core().read_model(DEMO_MODEL / "unet" / "openvino_model.xml")
    names = kept_in_float(network)
    for number, node in enumerate(network.get_ordered_ops()):
        if node.get_friendly_name() in names:
            node.set_friendly_name(f"renamed-{number}")
    renamed = kept_in_float(network)
    assert len(renamed) == len(names) == 15  # two convolutions, the time embedding, a product for each block
    assert all(name.startswith("renamed-") for name in renamed)


def test_samples_are_single_halves_of_calls_with_whole_timesteps() -> None:
    calls = [
        UNetCall(
            sample=np.full((2, 4, 2, 2), index, np.float32),
            timestep=index + 0.4,
            encoder_hidden_states=np.zeros((2, 77, 8), np.float32),
            answer=np.zeros((2, 4, 2, 2), np.float32),
        )
        for index in range(200)
    ]
    samples = choose_samples(calls)
    assert len(samples) == 2 * int8_recipe.SAMPLES
    assert all(sample["sample"].shape == (1, 4, 2, 2) for sample in samples)
    assert all(sample["timestep"].dtype == np.int64 for sample in samples)
    timesteps = [int(sample["timestep"][0]) for sample in samples]
    assert max(timesteps) - min(timesteps) > 150  # from one end of the trajectory to the other


@pytest.mark.parametrize("name", ["demo-inpaint", "demo-depth", "demo-upscale", "demo-butterflies"])
@pytest.mark.parametrize("precision", ["int8", "int8-weights"])
def test_families_without_a_recipe_are_refused(name: str, precision: str, tmp_path: Path) -> None:
    with pytest.raises(
        ExportError, match=r"is for models that make pictures from a prompt alone: use --prec"
    ):
        quantize_model(BUNDLED_MODELS / name, tmp_path / "out", precision, do_stage=never)
    assert not list(tmp_path.iterdir())


def test_what_is_int8_already_is_refused(weights: ModelFolder, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="is stored in int8: give the model it was made from"):
        quantize_model(weights.path, tmp_path / "out", "int8", do_stage=never)


def test_a_memory_too_small_is_refused_with_the_amount(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(quantize, "available_bytes", lambda: 500_000_000)
    with pytest.raises(ExportError, match=r"needs about \d+\.\d GB of memory and 0\.5 GB are free"):
        quantize_model(DEMO_MODEL, tmp_path / "out", "int8", do_stage=never)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("last", ["record", "quantize", "measure"])
@pytest.mark.parametrize("fault", [KeyboardInterrupt(), ExportError("no"), OSError(28, "disk full")])
def test_what_was_interrupted_leaves_nothing(last: str, fault: BaseException, tmp_path: Path) -> None:
    def stage(job: QuantizeJob, report: Report) -> None:
        if job.stage == last:
            raise fault
        if job.stage == "quantize":
            pretend(job)

    with pytest.raises((KeyboardInterrupt, ExportError)):
        quantize_model(DEMO_MODEL, tmp_path / "out", "int8", do_stage=stage)
    assert not list(tmp_path.iterdir())


def test_a_model_that_the_recipe_does_not_suit_is_not_written(tmp_path: Path) -> None:
    def stage(job: QuantizeJob, report: Report) -> None:
        if job.stage == "quantize":
            pretend(job)
        if job.stage == "measure":
            pretend_measured(job, unet_error=0.6)

    with pytest.raises(ExportError, match=r"off by 0\.60 of what it was"):
        quantize_model(DEMO_MODEL, tmp_path / "out", "int8", do_stage=stage)
    assert not list(tmp_path.iterdir())


def test_the_worker_explains_itself_when_the_system_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    job = QuantizeJob(stage="none", model="-", precision="int8", work="-", quantized="-")
    with pytest.raises(RuntimeError, match="the quantization failed with status"):
        quantize_in_worker(job, lambda phase: None)
