"""`launch.py optimize ORG/NAME` as a process, against the Hub on loopback."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hub_repos import NAME, TOKEN, UNET, Run, add_source, content, files_of
from hub_server import Fault, Hub, Repo
from models import DEMO_MODEL, DEMO_SOURCE

from runtime.model_folder import ModelFolder

ROOT = Path(__file__).resolve().parents[2]
DEMO = "maker/demo-scenes-ov"
UNWANTED = {"README.md": b"# demo", "unet/evil.py": b"raise SystemExit"}
# What a fetch must do without: importing these fails.
NO_TORCH = """import sys
for name in ("torch", "diffusers", "transformers", "optimum", "nncf"):
    sys.modules[name] = None
"""


class Command:
    """The command line, with nothing of this machine's but what it is given."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.run = run
        unwanted = ("HF_HUB_OFFLINE", "HF_TOKEN", "TRANSFORMERS_OFFLINE")
        self.environment = {name: value for name, value in os.environ.items() if name not in unwanted}
        self.environment |= {"HF_HOME": str(folder / "hf"), "HF_ENDPOINT": run.hub.url}
        self.environment |= {"LAPDRAW_DATA": str(run.data)}

    def words(self, *arguments: str) -> list[str]:
        program = (
            f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom ui.cli import entry\nsys.exit(entry())"
        )
        return [sys.executable, "-c", program, *arguments]

    def __call__(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            self.words(*arguments),
            env=self.environment | variables,
            capture_output=True,
            text=True,
            timeout=1500,
            check=False,
        )
        self.run.said += [done.stdout, done.stderr]
        assert "Traceback" not in done.stderr, done.stderr
        return done


@pytest.fixture
def command(run: Run, tmp_path: Path) -> Command:
    return Command(run, tmp_path)


def add_demo(hub: Hub, **options: Any) -> Repo:
    files = files_of(DEMO_MODEL)
    index = json.loads(files["model_index.json"])
    files["model_index.json"] = json.dumps({k: v for k, v in index.items() if k != "_manifest"}).encode()
    return hub.add(
        Repo(DEMO, files | {"README.md": b"# demo", "unet/evil.py": b"raise SystemExit"}, **options)
    )


def test_a_published_openvino_folder_makes_a_picture_and_needs_no_torch(
    command: Command, tmp_path: Path
) -> None:
    run = command.run
    repo = add_demo(run.hub, gated="manual", readers=frozenset({TOKEN}))
    run.hub.tokens.add(TOKEN)
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "sitecustomize.py").write_text(NO_TORCH)
    without = {"PYTHONPATH": str(tmp_path / "without")}
    done = command("optimize", DEMO, "--token-file", str(tmp_path / "token"), "--json", **without)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["name"], answer["kind"], answer["revision"]) == ("demo-scenes-ov", "openvino", repo.commit)
    place = run.data / "models" / "demo-scenes-ov"
    folder = ModelFolder(place)
    folder.verify()
    assert folder.manifest is not None
    assert (folder.manifest.source.location, folder.manifest.source.revision) == (DEMO, repo.commit)
    assert files_of(place) == {name: data for name, data in repo.files.items() if name not in UNWANTED}
    assert set(folder.manifest.files) == set(files_of(place))
    assert len(folder.manifest.latent_rgb) == 5
    assert [path.name for path in (run.data / "models").iterdir()] == ["demo-scenes-ov"]
    picture = tmp_path / "house.png"
    made = command("generate", "a red house", "--model", "demo-scenes-ov", "--steps", "2", "-o", str(picture))
    assert made.returncode == 0, made.stderr
    assert picture.stat().st_size > 1000
    again = command("optimize", DEMO, HF_TOKEN=TOKEN)
    assert again.returncode == 2
    assert "exists already" in again.stderr
    assert not list((run.data / "cache" / "hub").rglob("*.bin"))


def test_a_refusal_is_one_sentence_with_status_2(command: Command) -> None:
    add_source(command.run.hub, gated="auto")
    done = command("optimize", NAME)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "is gated: visit" in done.stderr


def test_offline_and_folders_take_no_hub(command: Command, tmp_path: Path) -> None:
    done = command("optimize", NAME, HF_HUB_OFFLINE="1")
    assert done.returncode == 2
    assert "HF_HUB_OFFLINE is set" in done.stderr
    done = command("optimize", str(tmp_path), "--revision", "main")
    assert done.returncode == 2
    assert "so --revision has no meaning" in done.stderr
    assert command.run.hub.seen == []


def test_nobody_there_names_the_ways_out(command: Command) -> None:
    done = command("optimize", NAME, HF_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == 2
    assert "HF_ENDPOINT" in done.stderr
    assert "docs/models.md" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_within_a_second_and_the_next_run_goes_on(command: Command, number: int) -> None:
    run = command.run
    repo = run.hub.add(Repo(NAME, {**add_source(run.hub).files, UNET: content("unet", 300_000)}))
    run.hub.faults.append(Fault("unet-diff", server="cdn", cut_after=200_000, times=1))
    run.hub.faults.append(Fault("unet-diff", server="cdn", status=429, headers={"Retry-After": "200"}))
    process = subprocess.Popen(
        command.words("optimize", NAME), env=command.environment, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "next try in 200 s" in line:
            break
    began = time.monotonic()
    process.send_signal(number)
    said = process.stderr.read()
    process.stderr.close()
    status = process.wait(timeout=30)
    assert time.monotonic() - began < 2.0  # one, and one for a busy machine
    assert (status, "Traceback" in said) == (130, False)
    (part,) = run.data.rglob("*.part")
    assert part.read_bytes() == repo.files[UNET][:200_000]
    run.hub.faults.clear()
    run.hub.seen.clear()
    assert (run.fetch().folder / UNET).read_bytes() == repo.files[UNET]
    assert run.hub.requests("cdn", "unet-diff")[0].headers["Range"] == "bytes=200000-"


@pytest.mark.campaign
def test_the_demos_source_is_fetched_and_converted(command: Command) -> None:
    run = command.run
    repo = run.hub.add(Repo("maker/demo-scenes", files_of(DEMO_SOURCE)))
    done = command("optimize", "maker/demo-scenes", "--precision", "fp32", "--json")
    assert done.returncode == 0, done.stderr
    folder = ModelFolder(run.data / "models" / "demo-scenes-fp32")
    folder.verify()
    assert folder.manifest is not None
    source = folder.manifest.source
    assert (source.location, source.revision) == ("maker/demo-scenes", repo.commit)
    assert folder.source_path == (run.data / "cache/hub/models--maker--demo-scenes" / repo.commit).resolve()
    assert max(errors["fp32"] for errors in folder.manifest.errors.values()) < 1e-4
    run.places = ("cache/hub",)
