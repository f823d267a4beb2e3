"""int8 of what the Hub holds: published IR and diffusers folders, from the command line and below it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hub_repos import NAME, Run, files_of, source_files
from hub_repos import index as index_of
from hub_server import Hub, Repo
from test_hub_command import Command

from optimize import quantize_model
from optimize.hub.selection import IR, READY
from runtime.errors import ExportError
from runtime.model_folder import ModelFolder
from runtime.places import CHECKOUT
from tests.optimize.pretended import pretended
from tests.recorded import Recorded

PUBLISHED = "maker/painter-ov"
# What the quantization of IR must do without: importing these fails.
NO_TORCH = """import sys
for name in ("torch", "diffusers", "transformers", "optimum"):
    sys.modules[name] = None
"""


def publish(hub: Hub, model: ModelFolder, stored: str = "") -> Repo:
    """Put IR on the Hub as others do, without our manifest; `stored` is what its weights are called."""
    files = files_of(model.path)
    index = json.loads(files["model_index.json"])
    files["model_index.json"] = json.dumps({k: v for k, v in index.items() if k != "_manifest"}).encode()
    if stored:
        graph = files["unet/openvino_model.xml"]
        named = f'<data element_type="{stored}"'.encode()
        files["unet/openvino_model.xml"] = re.sub(rb'<data element_type="f\d\d"', named, graph)
    return hub.add(Repo(PUBLISHED, files))


@pytest.fixture
def command(run: Run, tmp_path: Path) -> Command:
    return Command(run, tmp_path)


def test_a_published_openvino_folder_becomes_int8_without_torch(
    command: Command, exported: ModelFolder, tmp_path: Path
) -> None:
    run = command.run
    repo = publish(run.hub, exported)
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "sitecustomize.py").write_text(NO_TORCH)
    without = {"PYTHONPATH": str(tmp_path / "without")}
    done = command("optimize", PUBLISHED, "--precision", "int8-weights", "--json", **without)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["name"], answer["precision"]) == ("painter-ov-int8-weights", "int8")
    assert answer["quantization"]["mode"] == "weights"
    made = ModelFolder(run.data / "models" / "painter-ov-int8-weights")
    made.verify()
    assert made.manifest is not None
    source = made.manifest.source
    assert (source.location, source.revision) == (PUBLISHED, repo.commit)
    fetched = (made.path / str(source.folder)).resolve()
    assert files_of(fetched).keys() == repo.files.keys()  # kept, as what is converted is
    assert [path.name for path in (run.data / "models").iterdir()] == [made.name]
    assert not (made.path / "hub.json").exists()
    run.places = ("cache/hub",)
    again = command("optimize", PUBLISHED, "--precision", "int8-weights")
    assert (again.returncode, "exists already" in again.stderr) == (2, True)


def test_one_that_is_int8_already_is_taken_as_it_is(command: Command, exported: ModelFolder) -> None:
    run = command.run
    publish(run.hub, exported, stored="i8")
    done = command("optimize", PUBLISHED, "--precision", "int8")
    assert done.returncode == 0, done.stderr
    place = run.data / "models" / "painter-ov"
    assert done.stdout == f"{place}\n"
    assert f"{PUBLISHED} is stored in int8: it is taken as it is" in done.stderr
    made = ModelFolder(place)
    assert (made.precision, made.manifest is not None) == ("int8", True)


@pytest.mark.parametrize("precision", ["int8", "int8-weights"])
def test_a_diffusers_folder_is_fetched_as_for_fp16_and_keeps_its_id(
    precision: str, command: Command, tiny_source: Path, recorded: Recorded
) -> None:
    run = command.run
    repo = run.hub.add(Repo(NAME, files_of(tiny_source) | {"unet/evil.py": b"raise SystemExit"}))
    answer, said = fetch_it(command, NAME, precision)
    assert answer["kind"] == "diffusers"
    assert f"GB to make it {precision};" in said
    folder = Path(answer["path"])
    assert files_of(folder).keys() == files_of(tiny_source).keys()
    made = quantize_model(folder, run.data / "models" / "it", precision, convert=recorded, do_stage=pretended)
    assert made.manifest is not None
    assert (made.manifest.source.location, made.manifest.source.revision) == (NAME, repo.commit)
    assert made.source_path == folder.resolve()
    run.places = ("cache/hub",)


def test_what_cannot_become_int8_is_refused_before_the_first_byte(run: Run) -> None:
    for number, kind in enumerate(("StableDiffusionUpscalePipeline", "StableDiffusionDepth2ImgPipeline")):
        name = f"maker/model-{number}"
        run.hub.add(Repo(name, source_files() | {"model_index.json": index_of(kind)}))
        with pytest.raises(ExportError, match=f"^{name} is a {kind}, and int8 is for models that make"):
            run.fetch(name, precision="int8")
    assert run.hub.requests("cdn") == []


def test_a_place_that_is_taken_is_said_before_the_first_byte_of_ir(run: Run, exported: ModelFolder) -> None:
    publish(run.hub, exported)
    run.data.mkdir()
    with pytest.raises(ExportError, match="exists already"):
        run.fetch(PUBLISHED, precision="int8", converted=run.data, ready=run.data / "other")
    assert run.hub.requests("cdn") == []
    found = run.fetch(PUBLISHED, precision="int8", converted=run.data / "new", ready=run.data)
    assert found.kind == READY


def test_ir_that_is_to_be_quantized_stays_where_it_was_fetched(
    command: Command, exported: ModelFolder
) -> None:
    run = command.run
    publish(run.hub, exported)
    answer, _ = fetch_it(command, PUBLISHED, "int8")
    assert answer["kind"] == IR
    assert (Path(answer["path"]) / "hub.json").is_file()
    assert not (run.data / "models").exists()


def fetch_it(command: Command, name: str, precision: str) -> tuple[dict[str, object], str]:
    """Run the process that fetches; return its answer and what it said."""
    run = command.run
    models = run.data / "models"
    places = ["--data", str(run.data), "--ready", str(models / "ready"), "--converted", str(models / "made")]
    done = subprocess.run(
        [sys.executable, "-m", "optimize.hub", name, *places, "--precision", precision, "--json"],
        cwd=CHECKOUT,
        env=command.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    run.said += [done.stdout, done.stderr]
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr
