import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.errors import ModelFolderError
from runtime.manifest import FileEntry, Manifest, Source, describe_files
from runtime.model_folder import ModelFolder
from tests.runtime.model_folders import (
    edit,
    refusal,
    write_ir,
    write_manifest,
)

ROOT = Path(__file__).resolve().parents[2]


def test_every_file_must_be_what_the_manifest_says(ir: Path) -> None:
    write_manifest(ir)
    folder = ModelFolder(ir)
    folder.verify()
    assert folder.notes == ()
    assert folder.precision == "fp16"
    binary = ir / "unet" / "openvino_model.bin"
    binary.write_bytes(b"changed!")
    with pytest.raises(ModelFolderError, match=re.escape(f"{binary} is damaged: its sha256")):
        ModelFolder(ir).verify()
    binary.write_bytes(b"longer than it was")
    assert "it has 18 bytes, the manifest says 8" in refusal(ir)
    binary.unlink()
    assert f"{binary} is missing" in refusal(ir)


def test_changed_configuration_is_refused_when_opening(ir: Path) -> None:
    write_manifest(ir)
    path = ir / "unet" / "config.json"
    path.write_bytes(path.read_bytes().replace(b"16", b"24"))
    assert f"{path} is damaged: its sha256" in refusal(ir)


def test_what_was_verified_is_not_hashed_again(ir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_manifest(ir)
    folder = ModelFolder(ir)
    hashed: list[str] = []

    def count(path: Path) -> str:
        hashed.append(path.relative_to(ir).as_posix())
        return hashlib.sha256(path.read_bytes()).hexdigest()

    monkeypatch.setattr("runtime.known_files.hash_of", count)
    folder.verify("unet")
    assert {name.split("/")[0] for name in hashed} == {"unet"}
    key = folder.content_key("unet")
    folder.verify()
    assert len(hashed) == len(set(hashed)) == len(describe_files(ir))
    assert folder.content_key("unet") == key


def test_content_key_follows_the_content_not_the_place(ir: Path, tmp_path: Path) -> None:
    copy = write_ir(tmp_path / "copy")
    key = ModelFolder(ir).content_key("unet")
    assert ModelFolder(copy).content_key("unet") == key
    write_manifest(copy)
    assert ModelFolder(copy).content_key("unet") == key
    assert ModelFolder(ir).content_key("vae_decoder") != key
    (ir / "unet" / "openvino_model.bin").write_bytes(b"retrained")
    assert ModelFolder(ir).content_key("unet") != key


@pytest.mark.parametrize("location", ["\x00", "a/" * 100_000, "x" * 5000])
def test_what_is_no_path_is_no_place(tmp_path: Path, location: str) -> None:
    assert Source(location=location).place(tmp_path) is None
    assert Source(location="here", folder=location).place(tmp_path) is None
    assert Source(location=location, folder="../x").place(tmp_path / "m") == tmp_path.resolve() / "x"


def test_source_is_found_beside_the_model_until_it_is_gone(ir: Path, source: Path, tmp_path: Path) -> None:
    write_manifest(ir, location="../source")
    assert ModelFolder(ir).source_path == source.resolve()
    source.rename(tmp_path / "gone")
    assert ModelFolder(ir).source_path is None


def test_manifest_survives_a_round_trip(ir: Path) -> None:
    manifest = write_manifest(ir)
    assert Manifest.from_bytes(manifest.to_bytes(), "manifest.json") == manifest
    changed = replace(manifest, precision="fp32")
    assert changed.to_bytes() != manifest.to_bytes()


@given(st.data())
def test_no_changed_byte_of_a_manifest_goes_unnoticed(data: st.DataObject) -> None:
    manifest = Manifest(
        source=Source(location="org/model", revision="main", sha256={"w": "ab" * 32}),
        precision="fp16",
        tools={"openvino": "1"},
        created="now",
        errors={"unet": {"fp16": 0.5}},
        files={"unet/a": FileEntry(sha256="0" * 64, bytes=7)},
    )
    content = bytearray(manifest.to_bytes())
    index = data.draw(st.integers(0, len(content) - 1))
    content[index] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ModelFolderError):
        Manifest.from_bytes(bytes(content), "manifest.json")
    with pytest.raises(ModelFolderError):
        Manifest.from_bytes(bytes(content[:index]), "manifest.json")


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("format", 99, "has format 99, this version reads 1"),
        ("precision", "fp17", "precision must be one of fp32, fp16, bf16, int8"),
        ("source", None, "source must be an object"),
        ("tools", {"openvino": 1}, "tools.openvino must be a text"),
        ("errors", {"unet": {"fp16": "small"}}, "errors.unet.fp16 must be a number"),
        ("files", {"../outside": {"bytes": 1, "sha256": "0" * 64}}, "a path inside the folder"),
        ("files", {"C:/windows": {"bytes": 1, "sha256": "0" * 64}}, "a path inside the folder"),
        ("files", {"a": {"bytes": -1, "sha256": "0" * 64}}, "files.a.bytes must be a number of bytes"),
        ("files", {"a": {"bytes": 1, "sha256": "xyz"}}, "files.a.sha256 must be a sha256"),
        ("created", "another day", "was changed after it was written"),
    ],
)
def test_wrong_manifest_is_refused(ir: Path, key: str, value: object, says: str) -> None:
    write_manifest(ir)
    edit(ir / "manifest.json", **{key: value})
    text = refusal(ir)
    assert str(ir / "manifest.json") in text
    assert says in text
