"""Two hundred damaged copies of an exported folder: every one is refused, and the damaged file is named."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.errors import ModelFolderError
from runtime.manifest import MANIFEST_NAME
from runtime.model_folder import ModelFolder


def truncate(path: Path, chance: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: chance.randrange(len(data))])


def flip_a_bit(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def zero_a_part(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    occupied = [index for index in range(0, len(data), max(1, len(data) // 4096)) if data[index]]
    start = chance.choice(occupied)
    end = min(len(data), start + chance.choice((1, 64, 4096)))
    data[start:end] = bytes(end - start)
    path.write_bytes(data)


def remove(path: Path, chance: random.Random) -> None:
    path.unlink()


DAMAGES = (truncate, flip_a_bit, zero_a_part, remove)


def refusal(folder: Path) -> str:
    """What opening and verifying `folder` says."""
    with pytest.raises(ModelFolderError) as caught:
        ModelFolder(folder).verify()
    return str(caught.value)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_folders_are_refused_by_name(
    exported: ModelFolder, tmp_path: Path, damage: Callable[[Path, random.Random], None]
) -> None:
    folder = shutil.copytree(exported.path, tmp_path / "copy")
    names = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    chance = random.Random(f"damage {damage.__name__}")
    cases = [*names, *chance.choices(names, k=40 - len(names))]  # every file at least once
    assert len(cases) == 40
    for name in cases:
        damage(folder / name, chance)
        text = refusal(folder)
        assert str(folder / name) in text
        assert "\n" not in text
        shutil.copyfile(exported.path / name, folder / name)
    ModelFolder(folder).verify()


def test_swapped_files_are_refused_by_name(exported: ModelFolder, tmp_path: Path) -> None:
    folder = shutil.copytree(exported.path, tmp_path / "copy")
    names = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    chance = random.Random("damage swap")
    for _ in range(40):
        kind = chance.choice((".json", ".xml", ".bin"))
        one, two = chance.sample([name for name in names if name.suffix == kind], k=2)
        if (exported.path / one).read_bytes() == (exported.path / two).read_bytes():
            one, two = Path("unet/config.json"), Path("vae_encoder/config.json")
        shutil.copyfile(exported.path / one, folder / two)
        shutil.copyfile(exported.path / two, folder / one)
        text = refusal(folder)
        assert str(folder / one) in text or str(folder / two) in text
        for name in (one, two):
            shutil.copyfile(exported.path / name, folder / name)
    ModelFolder(folder).verify()


def test_damage_is_found_in_the_component_that_is_verified(exported: ModelFolder, tmp_path: Path) -> None:
    path = shutil.copytree(exported.path, tmp_path / "copy")
    flip_a_bit(path / "vae_decoder" / "openvino_model.bin", random.Random(0))
    folder = ModelFolder(path)
    for intact in ("unet", "text_encoder", "vae_encoder", "tokenizer", "scheduler"):
        folder.verify(intact)
    with pytest.raises(ModelFolderError, match=r"vae_decoder.openvino_model\.bin is damaged"):
        folder.verify("vae_decoder")
    with pytest.raises(ModelFolderError, match=r"vae_decoder.openvino_model\.bin is damaged"):
        folder.content_key("vae_decoder")


def test_further_files_do_no_harm(exported: ModelFolder, tmp_path: Path) -> None:
    path = shutil.copytree(exported.path, tmp_path / "copy")
    (path / "README.md").write_text("notes")
    (path / "unet" / "extra.bin").write_bytes(b"1")
    ModelFolder(path).verify()


def test_folder_written_with_a_manifest_is_refused_without_it(exported: ModelFolder, tmp_path: Path) -> None:
    path = shutil.copytree(exported.path, tmp_path / "copy")
    (path / MANIFEST_NAME).unlink()
    assert str(path / MANIFEST_NAME) in refusal(path)
