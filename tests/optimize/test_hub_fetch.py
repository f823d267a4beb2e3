"""Fetching from a Hub: what comes, what never does, and going on at the byte after a cut."""

import json
import shutil
from pathlib import Path

import pytest
from hub_repos import NAME, TOKEN, UNET, UNWANTED, Run, add_source, content, files_of, index, needed_names
from hub_server import Fault, Hub, Repo

from optimize.hub.selection import READY, SOURCE
from runtime.errors import HubError
from runtime.hub_record import read_record


def test_only_the_files_of_the_pipeline_come_and_every_one_is_whole(run: Run) -> None:
    repo = add_source(run.hub)
    found = run.fetch()
    assert found.kind == SOURCE
    wanted = needed_names(repo.files)
    assert files_of(found.folder) == {name: repo.files[name] for name in wanted}
    record = read_record(found.folder)
    assert record is not None
    assert (record.repository, record.commit) == (NAME, repo.commit)
    asked = " ".join(seen.path for seen in run.hub.seen)
    assert not [name for name in UNWANTED if name in asked]
    assert any("MB to fetch" in text for text in run.said)


def test_a_second_fetch_asks_for_no_file_again(run: Run) -> None:
    add_source(run.hub)
    first = run.fetch()
    run.hub.seen.clear()
    assert run.fetch().folder == first.folder
    assert {seen.path.split("?")[0].split("/")[-1] for seen in run.hub.seen} == {"main", "model_index.json"}


def test_a_file_that_changed_on_the_disk_is_fetched_again(run: Run) -> None:
    repo = add_source(run.hub)
    path = run.fetch().folder / UNET
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    run.fetch()
    assert path.read_bytes() == repo.files[UNET]


@pytest.mark.parametrize("there", [1, 1000, 4999])
def test_an_interrupted_fetch_goes_on_at_the_byte(run: Run, there: int) -> None:
    repo = add_source(run.hub)
    run.hub.faults.append(Fault("unet-diff", server="cdn", cut_after=there, times=1))
    run.hub.faults.append(Fault("unet-diff", server="cdn", status=503))
    with pytest.raises(HubError, match="goes on where it stopped"):
        run.fetch()
    run.hub.faults.clear()
    run.hub.seen.clear()
    assert (run.fetch().folder / UNET).read_bytes() == repo.files[UNET]
    (seen,) = run.hub.requests("cdn", "unet-diff")
    assert seen.headers["Range"] == f"bytes={there}-"


def test_a_cut_answer_is_gone_on_with_at_once(run: Run) -> None:
    repo = add_source(run.hub)
    run.hub.faults.append(Fault("unet-diff", server="cdn", cut_after=1500, times=3))
    assert (run.fetch().folder / UNET).read_bytes() == repo.files[UNET]
    ranges = [seen.headers.get("Range") for seen in run.hub.requests("cdn", "unet-diff")]
    assert ranges == [None, "bytes=1500-", "bytes=3000-", "bytes=4500-"]


def test_what_an_older_commit_has_is_not_fetched_again(run: Run) -> None:
    repo = add_source(run.hub)
    run.fetch()
    run.hub.add(Repo("somebody/older", dict(repo.files)))
    repo.files["unet/config.json"] = b'{"new": 1}'
    run.hub.seen.clear()
    found = run.fetch()
    assert files_of(found.folder) == {name: repo.files[name] for name in needed_names(repo.files)}
    assert len(run.hub.requests("cdn")) == 0


def test_what_the_hubs_own_cache_has_is_not_fetched_again(run: Run, tmp_path: Path) -> None:
    from hub_server import sha256

    repo = add_source(run.hub)
    run.hub_cache = tmp_path / "cache"
    blobs = run.hub_cache / "models--somebody--painter" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / sha256(repo.files[UNET])).write_bytes(repo.files[UNET])
    bad = "vae/diffusion_pytorch_model.safetensors"
    (blobs / sha256(repo.files[bad])).write_bytes(repo.files[bad][:-1] + b"?")
    found = run.fetch()
    assert files_of(found.folder) == {name: repo.files[name] for name in needed_names(repo.files)}
    assert [seen.path.split("?")[0].split("/")[-1][:4] for seen in run.hub.requests("cdn")] == [
        "text",
        "vae-",
    ]


def test_the_fp16_variant_is_one_file_of_each_component(run: Run) -> None:
    add_source(run.hub)
    found = run.fetch(variant="fp16")
    weights = sorted(name for name in files_of(found.folder) if name.endswith(".safetensors"))
    assert [name.split("/")[1] for name in weights] == [
        "model.fp16.safetensors",
        "diffusion_pytorch_model.fp16.safetensors",
        "diffusion_pytorch_model.fp16.safetensors",
    ]


def test_fp16_weights_are_taken_where_there_are_no_others(run: Run) -> None:
    repo = add_source(run.hub)
    del repo.files[UNET]
    assert "unet/diffusion_pytorch_model.fp16.safetensors" in files_of(run.fetch().folder)


def test_shards_come_with_their_index(run: Run) -> None:
    repo = add_source(run.hub)
    del repo.files[UNET]
    names = [f"unet/diffusion_pytorch_model-0000{i}-of-00002.safetensors" for i in (1, 2)]
    repo.files |= {name: content(name, 999) for name in names}
    repo.files["unet/diffusion_pytorch_model.safetensors.index.json"] = b"{}"
    found = set(files_of(run.fetch().folder))
    assert {*names, "unet/diffusion_pytorch_model.safetensors.index.json"} <= found
    assert not [name for name in found if "fp16" in name]


@pytest.mark.parametrize("revision", ["v1.0", "refs/pr/3", "commit"])
def test_another_revision(run: Run, revision: str) -> None:
    repo = add_source(run.hub, revisions=("main", "v1.0", "refs/pr/3"))
    found = run.fetch(revision=repo.commit if revision == "commit" else revision)
    assert found.repository.commit == repo.commit


def test_a_renamed_repository_is_followed_and_said(run: Run) -> None:
    repo = add_source(run.hub)
    run.hub.renamed["old/name"] = NAME
    found = run.fetch("old/name")
    assert found.repository.id == NAME
    assert f"old/name is called {NAME} now" in run.said
    assert files_of(found.folder).keys() == needed_names(repo.files)


def test_a_ready_made_folder_is_known_by_its_ir(run: Run) -> None:
    folders = ("unet", "text_encoder", "vae_decoder", "vae_encoder")
    files = {"model_index.json": index("OVStableDiffusionPipeline"), "scheduler/scheduler_config.json": b"{}"}
    files |= {f"tokenizer/{name}": content(name, 90) for name in ("vocab.json", "merges.txt", "evil.py")}
    for folder in folders:
        for name in ("openvino_model.xml", "openvino_model.bin", "config.json", "pytorch_model.bin"):
            files[f"{folder}/{name}"] = content(folder + name, 500)
    repo = run.hub.add(Repo(NAME, files))
    run.hub.add(Repo("somebody/older", dict(files)))
    found = run.fetch()
    assert found.kind == READY
    unwanted = {"tokenizer/evil.py", *(f"{folder}/pytorch_model.bin" for folder in folders)}
    assert files_of(found.folder).keys() == repo.files.keys() - unwanted
    del repo.files["vae_decoder/openvino_model.xml"]
    with pytest.raises(HubError, match=r"lacks vae_decoder/openvino_model\.xml"):
        run.fetch()
    del repo.files["unet/openvino_model.xml"]  # then it is none of OpenVINO's
    with pytest.raises(HubError, match="OVStableDiffusionPipeline, which cannot be converted"):
        run.fetch()


def test_two_processes_do_not_fetch_the_same_model(run: Run) -> None:
    add_source(run.hub)

    def again(found: object) -> None:
        with pytest.raises(HubError, match="another process"):
            run.fetch()

    run.fetch(then=again)


def test_a_part_that_was_damaged_is_fetched_from_the_start(run: Run) -> None:
    repo = add_source(run.hub)
    found = run.fetch()
    part = found.store.parts / f"{found.repository.files[UNET].digest}.part"
    part.write_bytes(b"torn" * 500)
    (found.folder / UNET).unlink()
    assert (run.fetch().folder / UNET).read_bytes() == repo.files[UNET]


def test_a_part_that_is_too_long_is_fetched_from_the_start(run: Run) -> None:
    repo = add_source(run.hub)
    found = run.fetch()
    (found.store.parts / f"{found.repository.files[UNET].digest}.part").write_bytes(b"x" * 9000)
    (found.folder / UNET).unlink()
    assert (run.fetch().folder / UNET).read_bytes() == repo.files[UNET]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("unet-diff", server="cdn", cut_after=1500, times=1),
        Fault("unet-diff", server="cdn", status=503, times=2),
        Fault("unet-diff", server="cdn", status=500, times=4),
        Fault("unet-diff", server="cdn", status=408, times=1),
        Fault("unet-diff", server="cdn", status=429, headers={"Retry-After": "0"}, times=3),
        Fault("unet-diff", server="cdn", status=416, times=1),
        Fault("unet-diff", server="cdn", cut_after=0, times=2),
        Fault("resolve.*unet/diff", status=429, headers={"RateLimit": '"resolvers";r=0;t=0'}, times=2),
        Fault("resolve.*vocab", status=502, times=2),
        Fault("resolve.*vocab", cut_after=100, times=2),
        Fault("resolve.*model_index", cut_after=10, times=2),
        Fault("api/models", status=503, times=2),
        Fault("api/models", status=429, headers={"Retry-After": "0"}, times=4),
        Fault("api/models", cut_after=30, times=1),
    ],
    ids=lambda fault: f"{fault.server}-{fault.path}-{fault.status or fault.cut_after}",
)
def test_what_passes_is_waited_out(run: Run, fault: Fault) -> None:
    repo = add_source(run.hub)
    run.hub.faults.append(fault)
    assert files_of(run.fetch().folder).keys() == needed_names(repo.files)
    assert any("next try in" in text for text in run.said)


@pytest.mark.parametrize("kind", ["ignores_range", "wrong_range"])
def test_a_server_that_cannot_go_on_sends_all_of_it(run: Run, kind: str) -> None:
    repo = add_source(run.hub)
    run.hub.faults.append(Fault("unet-diff", server="cdn", cut_after=1500, times=1))
    run.hub.faults.append(Fault("unet-diff", server="cdn", times=1, **{kind: True}))
    assert (run.fetch().folder / UNET).read_bytes() == repo.files[UNET]


def test_the_wait_that_the_hub_asks_for_is_waited(run: Run) -> None:
    from optimize.hub.patience import Patience

    add_source(run.hub)
    waits: list[float] = []
    run.patience = Patience(sleep=waits.append)
    run.hub.faults.append(Fault("api/models", status=429, headers={"Retry-After": "7"}, times=1))
    run.hub.faults.append(Fault("api/models", status=429, headers={"RateLimit": '"api";r=0;t=55'}, times=1))
    run.hub.faults.append(Fault("api/models", status=429, times=1))
    run.fetch()
    assert waits == [7.0, 55.0, 4.0]


def test_the_whole_cache_can_be_deleted(run: Run) -> None:
    add_source(run.hub)
    run.fetch()
    shutil.rmtree(run.data / "cache")
    assert json.loads((run.fetch().folder / "hub.json").read_text())["repository"] == NAME


def test_a_public_repository_with_a_token_of_ones_own(run: Run) -> None:
    add_source(run.hub)
    run.hub.tokens.add(TOKEN)
    run.token = TOKEN
    run.fetch()
    assert all(seen.headers["Authorization"] == f"Bearer {TOKEN}" for seen in run.hub.requests("hub"))


def test_the_test_server_is_a_hub_to_the_hubs_own_library(hub: Hub, tmp_path: Path) -> None:
    """So that what is tested here is the protocol, not what we take it for."""
    import os
    import subprocess
    import sys

    repo = add_source(hub)
    program = (
        "import sys; from huggingface_hub import HfApi, snapshot_download as get\n"
        f"info = HfApi(endpoint={hub.url!r}).model_info({NAME!r}, files_metadata=True)\n"
        f"folder = get({NAME!r}, endpoint={hub.url!r}, cache_dir=sys.argv[1])\n"
        "print(info.sha, info.siblings[0].blob_id, folder)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "theirs")],
        env=environment | {"HF_HUB_DISABLE_XET": "1", "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    commit, _, folder = done.stdout.split()
    assert commit == repo.commit
    assert (Path(folder) / UNET).read_bytes() == repo.files[UNET]
