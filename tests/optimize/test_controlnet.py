"""ControlNets converted: checked against PyTorch, refused in a sentence, listed beside the models."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from hub_repos import Run, content, files_of
from hub_server import Repo

from optimize.checkpoint_keys import stored_of
from optimize.controlnet import export_controlnet
from optimize.controlnet_source import open_controlnet
from optimize.convert import convert
from optimize.hub.selection import SOURCE
from runtime.controlnet_folder import ControlNetFolder, find_controlnet, is_controlnet
from runtime.errors import ExportError, HubError, InvalidRequest, LapdrawError, ModelFolderError
from runtime.model_folder import ModelFolder
from tests.control_nets import demo_controlnet, exported_controlnet
from tests.models import DEMO_MODEL
from tests.runtime.control_folders import control_config, write_controlnet_folder
from tests.safetensors_files import header_of, write_header
from ui.cli import main


def test_an_export_is_what_pytorch_has(tmp_path: Path) -> None:
    folder = ControlNetFolder(exported_controlnet(1))
    assert folder.precision == "fp32"
    assert folder.manifest is not None
    assert folder.manifest.errors["controlnet"]["fp32"] < 1e-4
    assert folder.manifest.source.sha256.keys() == {"diffusion_pytorch_model.safetensors"}
    folder.verify()
    folder.check_fits(ModelFolder(DEMO_MODEL))
    copy = shutil.copytree(folder.path, tmp_path / "copy")
    weights = copy / "controlnet" / "openvino_model.bin"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    with pytest.raises(ModelFolderError, match=r"openvino_model\.bin is damaged"):
        ControlNetFolder(copy).verify()


def test_half_precision_is_measured(tmp_path: Path) -> None:
    folder = export_controlnet(demo_controlnet(1), tmp_path / "net", convert=convert)
    assert folder.manifest is not None
    assert 1e-5 < folder.manifest.errors["controlnet"]["fp16"] < 2e-2


def _refusal(source: Path, output: Path, **options: object) -> str:
    with pytest.raises(LapdrawError) as refused:
        export_controlnet(source, output, convert=convert, **options)  # type: ignore[arg-type]
    assert not output.exists()
    return str(refused.value)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"addition_embed_type": "text_time"}, "addition_embed_type is 'text_time'"),
        ({"global_pool_conditions": True}, "global_pool_conditions is True"),
        ({"in_channels": 9}, "in_channels is 9"),
        ({"_class_name": "T2IAdapter"}, "that of a 'T2IAdapter', not of a ControlNetModel"),
        ({"block_out_channels": "many"}, "is not understood"),
        ({"cross_attention_dim": None}, "cross_attention_dim must be a positive integer, got None"),
    ],
)
def test_other_networks_are_refused(tmp_path: Path, changes: dict[str, object], sentence: str) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "config.json").write_text(json.dumps(control_config(**changes)))
    assert sentence in _refusal(source, tmp_path / "net")


def test_pickles_and_what_is_no_source_are_refused(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "config.json").write_text(json.dumps(control_config()))
    assert "holds no weights" in _refusal(source, tmp_path / "net")
    (source / "diffusion_pytorch_model.bin").write_bytes(b"")
    assert "is a pickle, which can run any code when it is read" in _refusal(source, tmp_path / "net")
    assert "already holds OpenVINO IR" in _refusal(exported_controlnet(1), tmp_path / "net")
    assert "cannot be stored in int8" in _refusal(source, tmp_path / "net", precision="int8")


def test_a_net_made_for_another_model_is_refused(tmp_path: Path) -> None:
    model = ModelFolder(DEMO_MODEL)
    net = ControlNetFolder(write_controlnet_folder(tmp_path / "wide", cross_attention_dim=768))
    with pytest.raises(InvalidRequest, match=r"wide is for models whose cross_attention_dim is 768"):
        net.check_fits(model)
    net = ControlNetFolder(
        write_controlnet_folder(tmp_path / "fine", conditioning_embedding_out_channels=[16, 32])
    )
    with pytest.raises(InvalidRequest, match="takes 2 pixels a latent, and demo-scenes has 8"):
        net.check_fits(model)


def test_names_of_the_original_code_are_those_that_diffusers_reads() -> None:
    from diffusers import ControlNetModel
    from diffusers.loaders.single_file_utils import convert_controlnet_checkpoint

    from optimize.controlnet_source import _SHARED, CONFIGS

    unet = json.loads((CONFIGS / "sd1" / "unet" / "config.json").read_text(encoding="utf-8"))
    config = {name: unet[name] for name in _SHARED if name in unet}
    with torch.device("meta"):
        net = ControlNetModel(**config)
    names = list(net.state_dict())
    original = {}
    for number, name in enumerate(names):
        (stored,) = stored_of("controlnet", name, config).names
        original[f"control_model.{stored}"] = torch.tensor(number)
    assert len(original) == len(names)
    read = convert_controlnet_checkpoint(original, dict(net.config))
    assert {name: int(value) for name, value in read.items()} == {n: i for i, n in enumerate(names)}


def test_a_single_file_is_recognised_by_its_names(tmp_path: Path) -> None:
    file = tmp_path / "control.safetensors"
    attention = "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
    shapes = {
        "input_hint_block.0.weight": (16, 3, 3, 3),
        "input_blocks.0.0.weight": (320, 4, 3, 3),
        attention: (320, 768),
    }
    write_header(file, header_of({f"control_model.{name}": shape for name, shape in shapes.items()}))
    assert is_controlnet(file)
    source = open_controlnet(file)
    assert source.part is not None
    assert (source.part.prefix, source.part.layout) == ("control_model.", "controlnet")
    assert source.config["block_out_channels"] == [320, 640, 1280, 1280]
    wider = shapes | {attention: (320, 2048)}
    write_header(file, header_of({f"control_model.{name}": shape for name, shape in wider.items()}))
    with pytest.raises(ExportError, match="width 2048, and single files are known"):
        open_controlnet(file)
    write_header(file, header_of({"something": (1,)}))
    assert not is_controlnet(file)


def test_a_repository_of_one_is_fetched_and_of_another_network_refused(run: Run) -> None:
    config = json.dumps(control_config()).encode()
    weights = content("weights", 5000)
    files = {"config.json": config, "diffusion_pytorch_model.safetensors": weights}
    others = {"README.md": b"x", "diffusion_pytorch_model.bin": b"x", "control.pth": b"x"}
    run.hub.add(Repo("somebody/lines", files | others))
    found = run.fetch("somebody/lines")
    assert found.kind == SOURCE
    assert files_of(found.folder) == files
    assert is_controlnet(found.folder)
    taken = run.data / "controlnets" / "lines-fp16"
    taken.mkdir(parents=True)
    with pytest.raises(ExportError, match="exists already"):
        run.fetch("somebody/lines", converted=run.data / "models" / "lines-fp16")
    encoder = json.dumps({"_class_name": "T2IAdapter"}).encode()
    run.hub.add(Repo("somebody/adapter", files | {"config.json": encoder}))
    with pytest.raises(HubError, match="holds a 'T2IAdapter' alone: choose a repository"):
        run.fetch("somebody/adapter")
    run.hub.add(Repo("somebody/pickled", {"config.json": config, "diffusion_pytorch_model.bin": b"x"}))
    with pytest.raises(HubError, match=r"has no model_index\.json"):
        run.fetch("somebody/pickled")


def test_models_lists_shows_and_removes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_controlnet_folder(tmp_path / "controlnets" / "lines")
    (tmp_path / "controlnets" / "broken").mkdir()
    data = ["--data-dir", str(tmp_path)]
    assert main(["models", *data]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["lines"].endswith("ControlNet, for --control")
    assert "holds no ControlNet" in lines["broken"]
    assert main(["models", "show", "lines", "--json", *data]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["kind"], facts["made_for"]["cross_attention_dim"]) == ("controlnet", 128)
    assert main(["models", "show", "lines", *data]) == 0
    assert "ControlNet: use it with --control" in capsys.readouterr().out
    assert main(["models", "verify", "lines", *data]) == 0
    assert main(["models", "remove", "lines", *data]) == 0
    assert not (tmp_path / "controlnets" / "lines").exists()
    capsys.readouterr()
    with pytest.raises(ModelFolderError, match=r"there is no ControlNet 'lines': known are broken"):
        find_controlnet("lines", tmp_path)


def test_it_is_never_taken_for_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_controlnet_folder(tmp_path / "controlnets" / "lines")
    for model in ("lines", str(folder)):
        assert main(["generate", "x", "--model", model, "--data-dir", str(tmp_path)]) == 2
        assert "Traceback" not in capsys.readouterr().err
