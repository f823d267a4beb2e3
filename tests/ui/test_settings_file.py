"""Settings are kept whole, and what nobody could have chosen costs only itself."""

import json
from pathlib import Path

import pytest

from runtime.errors import InvalidRequest
from ui.settings import Settings, SettingsFile

CHOSEN = Settings(preview_interval=5, metadata="none", language="zh", theme="dark", notify=False)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "new")
    assert file.read() == Settings()
    file.write(CHOSEN)
    assert file.read() == CHOSEN
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["settings.json"]


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "null", '{"theme": ' * 3000, "\ufeff\x00", '"dark"', "5"], ids=repr
)
def test_a_damaged_file_gives_the_defaults(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.json").write_text(text, encoding="utf-8")
    assert SettingsFile(tmp_path).read() == Settings()


def test_bytes_that_are_no_text_give_the_defaults_and_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_bytes(b"\xff\xfe\x00{")
    file = SettingsFile(tmp_path)
    assert file.read() == Settings()
    file.write(CHOSEN)
    assert file.read() == CHOSEN


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("preview_interval", -1),
        ("preview_interval", 101),
        ("preview_interval", True),
        ("preview_interval", 1.5),
        ("preview_interval", None),
        ("metadata", "everything"),
        ("language", ["en"]),
        ("theme", {"dark": 1}),
        ("notify", "yes"),
    ],
)
def test_a_value_that_is_not_possible_costs_only_itself(tmp_path: Path, name: str, value: object) -> None:
    kept = {"preview_interval": 5, "metadata": "none", "language": "zh", "theme": "dark", "notify": False}
    (tmp_path / "settings.json").write_text(json.dumps(kept | {name: value, "of_a_later_version": 1}))
    read = SettingsFile(tmp_path).read()
    assert getattr(read, name) == getattr(Settings(), name)
    others = [other for other in kept if other != name]
    assert [getattr(read, other) for other in others] == [kept[other] for other in others]


def test_a_choice_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(InvalidRequest, match="theme must be one of auto, light, dark, got 'pink'"):
        Settings(theme="pink")


def test_a_place_that_cannot_be_written_is_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InvalidRequest, match="cannot write"):
        SettingsFile(tmp_path / "file").write(CHOSEN)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
