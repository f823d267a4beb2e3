"""The frontier: how much faster each way is against how far its pictures are from exact, of one record.

python -m benchmarks.frontier benchmarks/quality/demo-scenes.json -o docs/images/frontier.svg
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.charts import Point, scatter
from benchmarks.drawing import Drawing, as_file
from benchmarks.quality import read_record
from runtime.errors import LapdrawError
from runtime.speed import EXACT, PRESETS
from runtime.whole_file import write_whole

PRESET, OTHER = "lapdraw", "peer"  # colours of benchmarks.drawing


def frontier(record: Mapping[str, Any]) -> Drawing:
    """Return speed to the right and PSNR upwards; exact stands at the top."""
    rows = [row for row in record["rows"] if "psnr" in row]
    return scatter(
        [
            Point(
                label=row["name"]
                if row["name"] == EXACT
                else f"{row['name']}: {row['speed']['value']:.2f} times, {row['psnr']['value']:.1f} dB",
                x=row["speed"]["value"],
                y=None if row["name"] == EXACT else row["psnr"]["value"],
                colour=PRESET if row["name"] in PRESETS else OTHER,
            )
            for row in rows
        ],
        name=f"{record['model']}: speed against difference from exact",
        x_title=_title(record),
        y_title="PSNR to exact, dB, median",
        top_label="exact",
        names={PRESET: "presets", OTHER: "other ways"},
    )


def key(record: Mapping[str, Any]) -> str:
    """Return what the numbers of the chart mean, a Markdown list item each."""
    lines = []
    for number, row in enumerate((row for row in record["rows"] if "psnr" in row), start=1):
        if row["name"] == EXACT:
            lines.append(f"{number}. {EXACT}")
            continue
        change = row.get("accuracy_change")
        told = (
            f", accuracy {100 * change['value']:+.1f} points [{100 * change['low']:+.1f}, "
            f"{100 * change['high']:+.1f}]"
            if change is not None
            else ""
        )
        lines.append(
            f"{number}. {row['name']}: {row['speed']['value']:.2f} times, {row['psnr']['value']:.1f} dB{told}"
        )
    return "\n".join(lines)


def write_frontier(record: Mapping[str, Any], path: Path) -> None:
    """Write the chart as an SVG file."""
    data = as_file(frontier(record)).encode()
    write_whole(path, lambda file: file.write(data))


def _title(record: Mapping[str, Any]) -> str:
    return (
        f"times as fast as exact ({record['model']}, {record['num_inference_steps']} steps, "
        f"{record['pictures']} pictures)"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the chart of a record; return 0, or 2 after a sentence."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frontier")
    parser.add_argument("record", type=Path, metavar="RECORD.json")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.svg")
    options = parser.parse_args(arguments)
    try:
        record = read_record(options.record)
        write_frontier(record, options.output)
    except LapdrawError as error:
        print(error, file=sys.stderr)
        return 2
    print(key(record))
    return 0


if __name__ == "__main__":
    sys.exit(main())
