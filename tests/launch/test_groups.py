"""Which packages a command line waits for: no more than it uses."""

from pathlib import Path

import pytest

from bootstrap.needs import GROUPS, group_for
from bootstrap.setup import IMPORTS, SIZES


@pytest.mark.parametrize(
    ("line", "group"),
    [
        ("devices", "runtime"),
        ("generate x --device cuda", "optimize"),
        ("optimize tests --precision fp32", "optimize"),
        ("optimize --json --name x tests", "optimize"),
        ("optimize organisation/name --variant fp16", "runtime"),
        ("optimize --token-file pyproject.toml --data-dir tests organisation/name", "runtime"),
        ("optimize no-such-folder", "runtime"),  # which is said without PyTorch
        ("benchmark --skeleton sd15 --steps 20 --peers all", "benchmark"),
        ("benchmark --skeleton sd15 --peers none", "benchmark"),  # building the skeleton takes PyTorch
        ("benchmark --model demo-scenes", "benchmark"),
        ("benchmark --model demo-scenes --peers none", "runtime"),
        ("benchmark --model=demo-scenes --peers all --peers=none", "runtime"),
        ("benchmark --model demo-scenes --peers none --device cuda", "optimize"),
        ("benchmark report a.json", "runtime"),
        ("benchmark compare a.json b.json", "runtime"),
        ("benchmark import pytest-benchmark.json", "runtime"),
        ("benchmark export a.json", "runtime"),
        ("benchmark parts", "dev"),
        ("benchmark unet demo-scenes", "runtime"),
        ("optimize somewhere --precision int8", "runtime"),
        ("optimize demo/sources/demo-scenes --precision int8", "optimize"),
        ("optimize demo/models/demo-scenes --precision int8", "quantize"),
        ("optimize demo/models/demo-scenes --precision=int8-weights --name x", "quantize"),
        ("optimize demo/models/demo-scenes --precision fp16", "optimize"),
        ("benchmark --help", "runtime"),
        ("test", "dev"),
        ("", "page"),
        ("page", "page"),
        ("--port 8000 --no-browser", "page"),
        ("page --help", "runtime"),
        ("--no-browser --help", "runtime"),
        ("--help", None),
        ("-h", None),
        ("help", None),
        ("pgae", None),
    ],
)
def test_a_command_names_the_group_it_uses(
    line: str, group: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    assert group_for(line.split()) == group


def test_every_requirement_file_has_its_size_and_what_is_imported_from_it() -> None:
    files = {name for names in GROUPS.values() for name in names}
    assert files == GROUPS.keys() == SIZES.keys() == IMPORTS.keys()
