"""What conftest.py says of the files of tests is true of files that are there."""

from tests.conftest import LONG, TESTS


def test_the_long_files_are_there_once() -> None:
    assert [name for name in LONG if not (TESTS / name).is_file()] == []
    assert len(set(LONG)) == len(LONG)


def test_the_browser_files_take_turns_with_the_others() -> None:
    named = [name.startswith("browser/") for name in LONG]
    assert [LONG[number] for number, first in enumerate(named[:-1]) if first and named[number + 1]] == []
    here = {path.relative_to(TESTS).as_posix() for path in (TESTS / "browser").glob("test_*.py")}
    assert here <= set(LONG)
