"""What the Hub's client and single files are refused with, in Chinese: the very sentences of the code."""

import errno
import re
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest

from optimize.hub.answers import explain, gated, passing_fault
from optimize.hub.client import HubClient
from optimize.hub.fetch import Wish, _check_room
from optimize.hub.listing import RepoFile, Repository
from optimize.hub.patience import Patience, Tries
from optimize.hub.selection import READY, SOURCE, Selection, index_file, select_files
from optimize.hub.token import Token
from optimize.hub.transfer import _not_written
from runtime.checkpoint import open_checkpoint, open_vae_file
from runtime.errors import LapdrawError
from runtime.hub_id import require_hub_id, require_revision
from tests.safetensors_files import checkpoint_shapes, header_of, write_header, write_raw
from ui.checkpoint_files import checkpoint_of
from ui.jobs.token import FORGOTTEN, check_token
from ui.page.faults import find_fault, translated
from ui.page.remedies import REMEDIES
from ui.page.text import Texts
from ui.page.texts.file_faults import TEXTS as FILES
from ui.page.texts.hub_faults import TEXTS as HUB

ZH = Texts("zh")
Usage = namedtuple("Usage", "total used free")
PAGE = "https://hub.test/a/b"
OURS = Token("hf_x", "the page")
# What stays as it is: what to type, and names.
LEFT = re.compile(r"https?://\S+|hf auth login|Hugging Face Hub|Stable Diffusion|'[^']*'|[\w/.-]*safetensors")
ENGLISH = re.compile(r"[A-Za-z]+ [a-z]+ [a-z]+")


def check(told: str, key: str, *parts: str) -> None:
    found = find_fault(told)
    assert found is not None, told
    assert found[0] == key
    chinese = translated(ZH, told)
    assert not ENGLISH.search(LEFT.sub("", chinese)), chinese
    for part in parts:
        assert part in chinese


@pytest.mark.parametrize(
    ("status", "code", "token", "is_file", "key"),
    [
        (401, "GatedRepo", None, True, "gated"),
        (403, "GatedRepo", OURS, True, "gated_refused"),
        (401, "", OURS, False, "token_refused"),
        (401, "RepoNotFound", None, False, "no_repository"),
        (404, "RepoNotFound", OURS, False, "no_repository_for_token"),
        (404, "RevisionNotFound", None, False, "no_revision"),
        (404, "EntryNotFound", None, True, "file_gone"),
        (451, "", None, False, "not_given"),
        (418, "", None, False, "other_status"),
    ],
)
def test_a_refusal_of_the_hub_keeps_the_page_to_visit(
    status: int, code: str, token: Token | None, is_file: bool, key: str
) -> None:
    told = str(explain(status, code, "no", "a/b", PAGE, token, is_file=is_file))
    visit = PAGE if PAGE in told else ""
    check(told, f"hub_faults.{key}", "a/b" if "a/b" in told else "", visit)
    assert str(gated("a/b", PAGE, None)) in told or key != "gated"


def _given_up(fault: object, tries: int = 1) -> str:
    patience = Patience(tries=tries, first_wait=0, longest_wait=5)
    with pytest.raises(LapdrawError) as caught:
        Tries(patience, "hub.test", lambda note: None).failed(fault)  # type: ignore[arg-type]
    return str(caught.value)


def test_too_many_requests_and_faults_of_the_server_say_when_to_go_on() -> None:
    many = passing_fault(429, {})
    check(_given_up(many), "hub_faults.gave_up", "429", "请稍后重新开始")
    check(_given_up(passing_fault(429, {"retry-after": "900"})), "hub_faults.told_to_wait", "900")
    check(_given_up(passing_fault(503, {})), "hub_faults.gave_up", "503")


def test_a_hub_that_is_not_there_names_mirrors_and_the_way_by_hand() -> None:
    client = HubClient({"HF_ENDPOINT": "http://127.0.0.1:9", "NO_PROXY": "*"}, None, Patience(tries=1))
    try:
        told = _raised(client.listing, "a/b", "main")
    finally:
        client.close()
    assert find_fault(told) is not None, told
    assert find_fault(told)[0] == "hub_faults.not_reached"  # type: ignore[index]
    assert "HF_ENDPOINT 设为 Hub 的镜像站" in translated(ZH, told)


def test_a_repository_without_what_is_needed_is_told() -> None:
    index = {"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"]}
    empty = Repository(id="a/b", commit="0" * 40, files={}, names=("README.md",))
    single = Repository(id="a/b", commit="0" * 40, files={}, names=("x.safetensors",))
    names = ("model_index.json", "unet/diffusion_pytorch_model.bin")
    pickled = Repository(id="a/b", commit="0" * 40, files={}, names=names)
    check(_raised(index_file, empty), "hub_faults.no_index")
    check(_raised(index_file, single), "hub_faults.no_index_but_file")
    check(_raised(lambda: select_files(pickled, index, None)), "hub_faults.hub_pickle", "pickle")
    other = {**index, "_class_name": "FluxPipeline"}
    check(_raised(lambda: select_files(pickled, other, None)), "hub_faults.not_convertible")


@pytest.mark.parametrize(
    ("kind", "key"), [(SOURCE, "not_enough_disk_converting"), (READY, "not_enough_disk")]
)
def test_too_little_disk_is_told_before_the_download(
    kind: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = RepoFile(name="unet/model.safetensors", bytes=4 * 10**9, kind="sha1", digest="0" * 40)
    monkeypatch.setattr("optimize.hub.fetch.shutil.disk_usage", lambda place: Usage(10**9, 0, 10**9))
    client = HubClient({}, None)
    wish = Wish(repository="a/b", data=tmp_path)
    told = _raised(_check_room, wish, Selection(kind=kind, files=(file,)), file.bytes, client)
    client.close()
    check(told, f"hub_faults.{key}", "4.00 GB")


def test_a_full_disk_and_what_is_no_id_are_told(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    check(str(_not_written(full, tmp_path / "parts" / "x.part")), "hub_faults.disk_full", "已满")
    check(_raised(require_hub_id, "painter"), "hub_faults.not_hub_id")
    check(_raised(require_revision, "--x"), "hub_faults.not_revision")
    check(_raised(check_token, "two words"), "hub_faults.token_unreadable")
    check(FORGOTTEN, "hub_faults.token_forgotten")


def test_a_file_that_cannot_be_converted_is_told(tmp_path: Path) -> None:
    (tmp_path / "old.ckpt").write_bytes(b"\x80")
    lora = header_of({"x.lora_up.weight": (2, 2)})
    whole = header_of(checkpoint_shapes(768), dtype="F8_E4M3")
    files = {
        "pickle": tmp_path / "old.ckpt",
        "no_model_file": tmp_path / "picture.png",
        "file_missing": tmp_path / "none.safetensors",
        "file_damaged": write_raw(tmp_path / "cut.safetensors", b"{}", 5),
        "lora": write_header(tmp_path / "lora.safetensors", lora),
        "no_diffusion": write_header(tmp_path / "text.safetensors", header_of({"x": (2, 2)})),
        "stored_as": write_header(tmp_path / "small.safetensors", whole),
    }
    for key, path in files.items():
        told = _raised(open_checkpoint, path)
        assert find_fault(told) is not None, told
        assert find_fault(told)[0] == f"file_faults.{key}", told  # type: ignore[index]
        assert str(path) in translated(ZH, told)
    check(_raised(open_vae_file, files["no_diffusion"]), "file_faults.no_vae_in")
    check(_raised(checkpoint_of, "nothing"), "file_faults.found_gone")


def _raised(call: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(LapdrawError) as caught:
        call(*arguments)
    return str(caught.value)


def test_every_sentence_is_found_by_its_own_pattern() -> None:
    for module, texts in (("hub_faults", HUB), ("file_faults", FILES)):
        for key, (english, chinese) in texts.items():
            values = {name: f"<{name}>" for name in re.findall(r"\{(\w+)\}", english)}
            found = find_fault(english.format(**values))
            assert found is not None
            assert found[0] == f"{module}.{key}", found
            assert translated(ZH, english.format(**values)) == chinese.format(**values), key


def test_every_remedy_is_of_a_sentence_there_is() -> None:
    assert set(REMEDIES) <= set(HUB)
