"""Hostile listings: names that lead elsewhere, absurd sizes, lies about digests; nothing is written."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hub_repos import NAME, TOKEN, UNET, Run, add_source, content, files_of, needed_names
from hub_server import Repo

from optimize.hub.names import is_allowed
from runtime.errors import HubError

Listing = dict[str, Any]

HOSTILE = [
    *("../../evil.json", "unet/../../../evil.json", "..", "unet/..", "./config.json", "unet//config.json"),
    *("/etc/passwd", "//host/share/x", "\\\\host\\share\\x", "unet\\..\\evil.json", "..\\evil.json"),
    *("C:\\evil.json", "C:evil.json", "c:/windows/evil.json", "unet/\x00.json"),
    *("unet/config.json\x00.safetensors", "a\nb.json", "a\rb", "\x1b[2Junet/config.json", "unet/\x7f"),
    *("\u202egnp.json", "unet/\x85x", "", "/", "x" * 1001),
]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_name_that_leads_elsewhere_condemns_the_repository(run: Run, name: str) -> None:
    repo = add_source(run.hub)
    repo.files[name] = b"evil"
    with pytest.raises(HubError, match="no name of a file inside a folder: nothing") as caught:
        run.fetch()
    assert str(caught.value).isprintable()
    assert not run.data.exists()
    assert run.hub.requests("hub", "resolve") == []


HARMLESS = [
    *("unet/con.json", "unet/NUL", "aux", "com1.safetensors", "unet/config.json.", "unet/config.json "),
    *("CON/x.json", "UNET/config.json", "unet/Config.json", "model_index.JSON", "unet/sub/config.json"),
    *("unet/config.json:stream", "unet/model.ckpt", "unet/model.pt", "unet/model.pkl"),
    *("unet/x.py", "setup.py", "unet/pytorch_model.bin", "unet/diffusion_pytorch_model.safetensors.exe"),
    *("unet/model.onnx", "unet/model.so", "unet/model.safetensors.zip", "tokenizer/tokenizer.py"),
    *("vae/x.msgpack", ".git/config", "unet/.env", "manifest.json", "hub.json"),
    *("unet/model-1-of-2.safetensors", "unet/model.fp16.fp16.safetensorsx"),
]


@pytest.mark.parametrize("name", ["config.json", "diffusion_pytorch_model.safetensors"])
def test_the_files_of_a_network_alone_are_left_alone_in_a_pipeline(run: Run, name: str) -> None:
    repo = add_source(run.hub)
    wanted = needed_names(repo.files)
    repo.files[name] = b"not asked for"
    assert set(files_of(run.fetch().folder)) == wanted


@pytest.mark.parametrize("name", HARMLESS, ids=ascii)
def test_a_name_that_no_pipeline_has_is_left_alone(run: Run, name: str) -> None:
    assert not is_allowed(name)
    repo = add_source(run.hub)
    wanted = needed_names(repo.files)
    repo.files[name] = b"not asked for"
    found = run.fetch()
    assert {file.name for file in found.selection.files} == wanted
    assert run.check_accepted() == len(wanted)


def _change(name: str, **changes: Any) -> Callable[[Listing], Listing]:
    def listed(answer: Listing) -> Listing:
        for item in answer["siblings"]:
            if item["rfilename"] == name:
                for key, value in changes.items():
                    item[key] = item[key] | value if isinstance(value, dict) else value
        return answer

    return listed


def _twice(answer: Listing) -> Listing:
    other = {"rfilename": UNET, "size": 4, "lfs": {"sha256": "0" * 64, "size": 4}}
    return answer | {"siblings": [*answer["siblings"], other]}


@pytest.mark.parametrize(
    ("listed", "match"),
    [
        (_change(UNET, lfs={"sha256": "0" * 64}), "other bytes than the Hub lists"),
        (_change(UNET, lfs={"sha256": "../../../x"}), "no size and checksum"),
        (_change(UNET, lfs={"sha256": None}), "no size and checksum"),
        (_change(UNET, lfs={"sha256": 5}), "no size and checksum"),
        (_change(UNET, lfs={"size": -1}), "no size and checksum"),
        (_change(UNET, lfs={"size": "5000"}), "no size and checksum"),
        (_change(UNET, lfs={"size": True}), "no size and checksum"),
        (_change(UNET, lfs={"size": 4999}), "bytes or more"),
        (_change(UNET, lfs={"size": 5001}), "bytes or more"),
        (_change(UNET, lfs={"size": 10**15}), "at most 53.69 GB are taken"),
        (_change(UNET, lfs={"size": 40 * 10**9}), "needs 40.00 GB of downloads"),
        (_change("unet/config.json", size=33 << 20), "at most 0.03 GB are taken"),
        (_change("unet/config.json", blobId="0" * 40), "other bytes than the Hub lists"),
        (_change("unet/config.json", blobId="zz"), "no size and checksum"),
        (_change("unet/config.json", rfilename=7), "without a name"),
        (_change("unet/config.json", rfilename="unet/other.json"), "lacks unet/config.json"),
        (_change("scheduler/scheduler_config.json", rfilename="x"), "lacks scheduler/scheduler_config.json"),
        (_change("tokenizer/merges.txt", rfilename="tokenizer/x"), "no tokenizer/vocab.json and merges.txt"),
        (_change("model_index.json", rfilename="index.json"), "has no model_index.json"),
        (_twice, "twice"),
        (lambda answer: answer | {"siblings": [*answer["siblings"], 5]}, "without a name"),
        (lambda answer: answer | {"siblings": {}}, "names no commit or no files"),
        (lambda answer: answer | {"siblings": []}, "it holds nothing"),
        (lambda answer: answer | {"siblings": answer["siblings"] * 1000}, "at most 20000 are looked at"),
        (lambda answer: answer | {"sha": "main"}, "names no commit"),
        (lambda answer: answer | {"sha": "../" * 13 + "x"}, "names no commit"),
        (lambda answer: answer | {"id": "../../x"}, "which is no id"),
        (lambda answer: answer | {"id": "a/b\n"}, "which is no id"),
        (lambda answer: answer | {"id": 5}, "which is no id"),
    ],
)
def test_a_listing_that_lies_or_cannot_be(
    run: Run, listed: Callable[[Listing], Listing], match: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    add_source(run.hub, listed=listed)
    usage = type(shutil.disk_usage("."))(10**12, 0, 10**10)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(HubError, match=match) as caught:
        run.fetch()
    assert str(caught.value).isprintable()
    assert not list(run.data.rglob("hub.json"))


@pytest.mark.parametrize("ending", [".bin", ".ckpt", ".pt"])
def test_pickles_alone_are_refused_with_the_reason(run: Run, ending: str) -> None:
    repo = add_source(run.hub)
    for name in [name for name in repo.files if name.startswith("unet/diff")]:
        del repo.files[name]
    repo.files[f"unet/diffusion_pytorch_model{ending}"] = b"pickled"
    with pytest.raises(HubError, match=r"a pickle, which can run any code when it is read: .*\.safetensors"):
        run.fetch()


def test_a_single_file_is_named_with_what_to_do(run: Run) -> None:
    run.hub.add(Repo(NAME, {"painter.safetensors": content("x", 99), "README.md": b"#"}))
    with pytest.raises(HubError, match=r"download painter\.safetensors from its page and give that file"):
        run.fetch()


def test_a_variant_that_is_not_there(run: Run) -> None:
    repo = add_source(run.hub)
    for name in [name for name in repo.files if ".fp16." in name]:
        del repo.files[name]
    with pytest.raises(HubError, match="no weights of the variant fp16: leave --variant out"):
        run.fetch(variant="fp16")


def test_a_hub_that_sends_the_token_back_gets_nothing_said(run: Run) -> None:
    add_source(run.hub, listed=lambda answer: answer | {"id": f"a/{TOKEN}"})
    run.hub.tokens.add(TOKEN)
    run.token = TOKEN
    with pytest.raises(HubError, match="sends the token back"):
        run.fetch()


def test_an_error_message_that_holds_the_token_is_shown_without_it(run: Run) -> None:
    from hub_server import Fault

    add_source(run.hub)
    run.token = TOKEN
    fault = Fault("api/models", status=403, headers={"X-Error-Message": f"no {TOKEN} here"})
    run.hub.faults.append(fault)
    with pytest.raises(HubError, match=r"\(no \*\*\* here\)"):
        run.fetch()


def test_the_index_may_not_name_folders(run: Run) -> None:
    repo = add_source(run.hub)
    entries = json.loads(repo.files["model_index.json"]) | {"../../up": ["diffusers", "UNet2DConditionModel"]}
    repo.files["model_index.json"] = json.dumps(entries).encode()
    assert {file.name for file in run.fetch().selection.files} == needed_names(repo.files)
