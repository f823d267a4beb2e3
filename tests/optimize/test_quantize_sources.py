"""What an int8 model is made of: a file, a folder with another VAE, IR; what its manifest says of that."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from optimize import quantize, quantize_model
from optimize.convert import ConvertJob, convert
from optimize.quantize_worker import run_stage
from optimize.source_model import SourceChoices
from runtime.errors import ExportError
from runtime.hub_record import HubRecord, write_record
from runtime.manifest import hash_file
from runtime.model_folder import ModelFolder
from tests.models import DEMO_MODEL
from tests.optimize.original_layout import CLIP, write_checkpoint
from tests.optimize.pretended import never, pretended
from tests.recorded import Recorded
from tests.safetensors_files import UNET, checkpoint_shapes, header_of, write_header

COMMIT = "d" * 40
HUB = ("maker/painter", COMMIT)

Report = Callable[[str], None]


def not_converted(job: ConvertJob, report: Report) -> None:
    raise AssertionError("a conversion was begun")


def test_a_single_file_is_converted_and_made_int8_and_is_what_the_manifest_names(
    tiny_source: Path, exported: ModelFolder, small_recipe: None, tmp_path: Path
) -> None:
    text = {"text_encoder": CLIP}
    file = write_checkpoint(tiny_source, tmp_path / "painter.safetensors", text=text, vae=False)
    vae = shutil.copytree(tiny_source / "vae", tmp_path / "other")
    said: list[str] = []
    made = quantize_model(
        file,
        tmp_path / "models" / "painter-int8",
        "int8-weights",
        lambda phase: said.append(phase.name),
        convert,
        run_stage,
        SourceChoices(config=tiny_source, vae=vae),
    )
    made.verify()
    assert made.precision == "int8"
    assert made.manifest is not None
    source, quantization = made.manifest.source, made.manifest.quantization
    assert (source.location, source.revision, source.folder) == ("../../painter.safetensors", None, None)
    name = "diffusion_pytorch_model.safetensors"
    assert source.sha256 == {
        "painter.safetensors": hash_file(file),
        f"vae/{name}": hash_file(vae / name),
    }
    assert source.notes == (f"with the configurations of {tiny_source.name}", "with the VAE of other")
    assert quantization is not None
    assert (quantization.mode, quantization.base) == ("weights", "fp16")
    assert 0 < quantization.unet_error < 0.05
    assert set(made.manifest.errors["unet"]) == {"fp32", "fp16", "int8"}
    assert {"torch", "nncf"} <= made.manifest.tools.keys()
    assert (said[0], said[-1]) == ("checking source", "writing manifest")
    assert said.index("checking vae_decoder") < said.index("quantizing unet") < said.index("timing unet")
    for component in ("text_encoder", "vae_decoder", "vae_encoder"):  # as the folder it was written from
        name = f"{component}/openvino_model.bin"
        assert (made.path / name).read_bytes() == (exported.path / name).read_bytes()
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["painter-int8"]


@pytest.mark.campaign
def test_every_stage_is_a_process_of_its_own_where_there_is_no_pytorch(
    exported: ModelFolder, tmp_path: Path
) -> None:
    """As `launch.py optimize` makes it: the whole recipe, on a tiny model."""
    said: list[str] = []
    made = quantize_model(exported.path, tmp_path / "out", "int8", lambda phase: said.append(phase.name))
    assert made.manifest is not None
    assert made.manifest.quantization is not None
    assert made.manifest.quantization.samples == 128
    assert 0 < made.manifest.quantization.unet_error < 0.2
    assert said == [
        "checking source",
        "drawing calibration pictures",
        "quantizing unet",
        "timing unet",
        "comparing pictures",
        "writing manifest",
    ]


def test_a_folder_takes_another_vae_too(tiny_source: Path, recorded: Recorded, tmp_path: Path) -> None:
    vae = shutil.copytree(tiny_source / "vae", tmp_path / "other")
    taken: list[str] = []

    def convert_here(job: ConvertJob, report: Report) -> None:
        taken.append(job.folders["vae"])
        recorded(job, report)

    choices = SourceChoices(vae=vae)
    made = quantize_model(
        tiny_source,
        tmp_path / "out",
        "int8-weights",
        convert=convert_here,
        do_stage=pretended,
        choices=choices,
    )
    assert taken == [str(vae.resolve())]
    assert made.manifest is not None
    assert made.manifest.source.notes == ("with the VAE of other",)
    assert "unet/diffusion_pytorch_model.safetensors" in made.manifest.source.sha256
    assert made.source_path == tiny_source.resolve()


def test_ir_keeps_the_file_that_it_was_converted_from(
    tiny_source: Path, recorded: Recorded, tmp_path: Path
) -> None:
    """In a place from which that is elsewhere."""
    from optimize import export_model

    file = write_checkpoint(tiny_source, tmp_path / "a.safetensors", text={"text_encoder": CLIP})
    base = export_model(
        file, tmp_path / "models" / "a", convert=recorded, choices=SourceChoices(config=tiny_source)
    )
    made = quantize_model(base.path, tmp_path / "b", "int8-weights", do_stage=pretended)
    assert base.manifest is not None
    assert made.manifest is not None
    assert (base.manifest.source.location, made.manifest.source.location) == (
        "../../a.safetensors",
        "../a.safetensors",
    )
    assert made.manifest.source.sha256 == base.manifest.source.sha256
    assert made.manifest.source.notes == base.manifest.source.notes


def test_what_was_fetched_and_converted_keeps_the_id_and_the_commit(
    tiny_source: Path, recorded: Recorded, tmp_path: Path
) -> None:
    """Converted on the way, and as IR that was converted before."""
    folder = shutil.copytree(tiny_source, tmp_path / "cache" / COMMIT)
    write_record(folder, HubRecord(repository=HUB[0], commit=COMMIT))
    one = quantize_model(folder, tmp_path / "one", "int8-weights", convert=recorded, do_stage=pretended)
    from optimize import export_model

    base = export_model(folder, tmp_path / "models" / "painter", convert=recorded)
    two = quantize_model(base.path, tmp_path / "two", "int8-weights", do_stage=pretended)
    for made in (one, two):
        assert made.manifest is not None
        source = made.manifest.source
        assert (source.location, source.revision, source.folder) == (*HUB, f"../cache/{COMMIT}")
        assert made.source_path == folder.resolve()


def test_ir_that_was_fetched_keeps_the_id_and_the_commit_and_is_no_source_of_weights(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / COMMIT
    shutil.copytree(DEMO_MODEL, folder, ignore=shutil.ignore_patterns("manifest.json"))
    index = (folder / "model_index.json").read_text("utf-8").replace('"_manifest": "manifest.json",', "")
    (folder / "model_index.json").write_text(index, "utf-8")
    write_record(folder, HubRecord(repository=HUB[0], commit=COMMIT))
    made = quantize_model(folder, tmp_path / "out", "int8-weights", do_stage=pretended)
    assert made.manifest is not None
    source = made.manifest.source
    assert (source.location, source.revision, source.folder) == (*HUB, f"../cache/{COMMIT}")
    assert source.sha256["unet/openvino_model.bin"] == hash_file(folder / "unet" / "openvino_model.bin")
    assert made.source_path is None
    assert not (made.path / "hub.json").exists()
    assert len(made.manifest.latent_rgb) == 5


@pytest.mark.parametrize(("context", "channels"), [(768, 9), (1024, 9), (2048, 9)])
def test_a_file_that_wants_more_than_a_prompt_is_refused_by_its_header(
    context: int, channels: int, tmp_path: Path
) -> None:
    file = write_header(tmp_path / "x.safetensors", header_of(checkpoint_shapes(context, channels)))
    wanted = r"x.safetensors is a StableDiffusion\w*InpaintPipeline that takes 9 channels, and int8 is for"
    with pytest.raises(ExportError, match=wanted):
        quantize_model(file, tmp_path / "out", "int8", convert=not_converted, do_stage=never)
    assert [path.name for path in tmp_path.iterdir()] == ["x.safetensors"]


@pytest.mark.parametrize("short", ["memory", "disk"])
def test_what_a_file_needs_is_known_from_its_header(
    short: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A UNet of 860 million weights: more than its conversion, which would fit."""
    shapes = checkpoint_shapes(768) | {f"{UNET}many": (860, 1000, 1000)}
    file = write_header(tmp_path / "x.safetensors", header_of(shapes))
    if short == "memory":
        monkeypatch.setattr(quantize, "available_bytes", lambda: 8_000_000_000)
        said = r"needs about 15\.4 GB of memory and 8\.0 GB are free: .* --precision int8-weights or fp16"
    else:
        monkeypatch.setattr(quantize, "available_bytes", lambda: None)
        free = type(shutil.disk_usage("."))(10**9, 0, 4_000_000_000)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: free)
        said = r"needs 5\.\d\d GB in .* and 4\.00 GB are free"
    with pytest.raises(ExportError, match=said):
        quantize_model(file, tmp_path / "out", "int8", convert=not_converted, do_stage=never)
    assert [path.name for path in tmp_path.iterdir()] == ["x.safetensors"]


@pytest.mark.parametrize(
    ("choices", "option"),
    [
        (SourceChoices(vae=Path("x")), "--vae"),
        (SourceChoices(prediction_type="epsilon"), "--prediction-type"),
        (SourceChoices(config=Path("x")), "--config"),
    ],
)
def test_ir_takes_nothing_of_what_is_for_conversions(
    choices: SourceChoices, option: str, tmp_path: Path
) -> None:
    with pytest.raises(ExportError, match=f"^{option} is for what is converted, and .* holds OpenVINO IR"):
        quantize_model(DEMO_MODEL, tmp_path / "out", "int8", do_stage=never, choices=choices)


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="there is no folder or file"):
        quantize_model(tmp_path / "none", tmp_path / "out", "int8", do_stage=never)
