import re
from xml.etree import ElementTree

import pytest

from benchmarks.charts import Bar, Point, bars, scatter


def _shapes(html: str, tag: str) -> list[dict[str, str]]:
    svg = re.search(r"<svg role.*?</svg>", html, re.DOTALL)
    assert svg is not None
    return [dict(shape.attrib) for shape in ElementTree.fromstring(svg[0]).iter(tag)]


def test_bars_are_as_long_as_their_figures_and_stand_end_to_end() -> None:
    rows = [
        Bar(label="a", parts=(("load", 1.0), ("steps", 3.0)), value="4 s"),
        Bar(label="b", parts=(("load", 2.0),), value="2 s"),
    ]
    drawn = _shapes(bars(rows, name="n", names={"load": "load", "steps": "steps"}), "rect")
    assert [(shape["class"], shape["x"], shape["width"]) for shape in drawn] == [
        ("load", "0.000%", "25.000%"),
        ("steps", "25.000%", "75.000%"),
        ("load", "0.000%", "50.000%"),
    ]


def test_a_mark_stands_where_its_figure_is() -> None:
    line = _shapes(bars([Bar(label="a", parts=(("peer", 4.0),), value="4x")], name="n", mark=1.0), "line")
    assert [shape["x1"] for shape in line] == ["25.000%"]


def test_bars_of_nothing_are_drawn_without_length() -> None:
    drawn = _shapes(bars([Bar(label="a", parts=(("peer", 0.0),), value="0 s")], name="n"), "rect")
    assert [shape["width"] for shape in drawn] == ["0.000%"]


def test_higher_and_further_right_is_more_and_identical_is_highest() -> None:
    points = [
        Point(label="near", x=1.0, y=80.0, colour="lapdraw"),
        Point(label="far", x=2.0, y=30.0, colour="peer"),
        Point(label="same", x=3.0, y=None, colour="peer"),
    ]
    html = scatter(
        points, name="n", x_title="x", y_title="y", top_label="identical", names={"peer": "Peers"}, mark=40.0
    )
    near, far, same = _shapes(html, "circle")
    assert float(same["cy"]) < float(near["cy"]) < float(far["cy"])
    assert float(near["cx"][:-1]) * 3 == pytest.approx(float(same["cx"][:-1]), abs=0.05)
    mark = next(line for line in _shapes(html, "line") if line["class"] == "mark")
    assert float(near["cy"]) < float(mark["y1"]) < float(far["cy"])
    assert all(0 <= float(shape["cy"]) <= 320 for shape in (near, far, same))


@pytest.mark.parametrize("x", [0.0, 5e-324, 1e-12, 1.0, 1e18])
@pytest.mark.parametrize("y", [-1e18, -3.0, 0.0, 5e-324, 1e18])
def test_points_beyond_reason_still_have_axes(x: float, y: float) -> None:
    points = [Point(label="a", x=x, y=y, colour="peer")]
    html = scatter(points, name="n", x_title="x", y_title="y", top_label="t", names={}, mark=40.0)
    assert not re.search(r"nan|inf", html)
    assert 0 <= float(_shapes(html, "circle")[0]["cy"]) <= 320


def test_points_in_one_place_keep_their_numbers_apart() -> None:
    points = [Point(label=str(number), x=1.0, y=50.0, colour="peer") for number in range(3)]
    html = scatter(points, name="n", x_title="x", y_title="y", top_label="t", names={})
    numbers = [(text["dx"], text["y"]) for text in _shapes(html, "text") if text["class"] == "value"]
    assert len(set(numbers)) == 3


def test_labels_are_text_and_clipped() -> None:
    html = bars([Bar(label="<b>" + "x" * 900, parts=(("peer", 1.0),), value='"')], name="n&")
    assert "<b>" not in html
    assert len(html) < 1200
    assert _shapes(html, "rect")
