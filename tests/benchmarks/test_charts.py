import re
from xml.etree import ElementTree

import pytest

from benchmarks.charts import Bar, Point, bars, scatter
from benchmarks.drawing import Drawing, as_file, in_page


def _shapes(drawing: Drawing, tag: str) -> list[dict[str, str]]:
    svg = re.search(r"<svg role.*?</svg>", in_page(drawing), re.DOTALL)
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
    drawing = scatter(
        points, name="n", x_title="x", y_title="y", top_label="identical", names={"peer": "Peers"}, mark=40.0
    )
    near, far, same = _shapes(drawing, "circle")
    assert float(same["cy"]) < float(near["cy"]) < float(far["cy"])
    assert float(near["cx"][:-1]) * 3 == pytest.approx(float(same["cx"][:-1]), abs=0.05)
    mark = next(line for line in _shapes(drawing, "line") if line["class"] == "mark")
    assert float(near["cy"]) < float(mark["y1"]) < float(far["cy"])
    assert all(0 <= float(shape["cy"]) <= 320 for shape in (near, far, same))


@pytest.mark.parametrize("x", [0.0, 5e-324, 1e-12, 1.0, 1e18])
@pytest.mark.parametrize("y", [-1e18, -3.0, 0.0, 5e-324, 1e18])
def test_points_beyond_reason_still_have_axes(x: float, y: float) -> None:
    points = [Point(label="a", x=x, y=y, colour="peer")]
    drawing = scatter(points, name="n", x_title="x", y_title="y", top_label="t", names={}, mark=40.0)
    assert not re.search(r"nan|inf", in_page(drawing))
    assert 0 <= float(_shapes(drawing, "circle")[0]["cy"]) <= 320


def test_points_in_one_place_keep_their_numbers_apart() -> None:
    points = [Point(label=str(number), x=1.0, y=50.0, colour="peer") for number in range(3)]
    drawing = scatter(points, name="n", x_title="x", y_title="y", top_label="t", names={})
    numbers = [(text["dx"], text["y"]) for text in _shapes(drawing, "text") if text["class"] == "value"]
    assert len(set(numbers)) == 3


def test_labels_are_text_and_clipped() -> None:
    drawing = bars([Bar(label="<b>" + "x" * 900, parts=(("peer", 1.0),), value='"')], name="n&")
    assert "<b>" not in in_page(drawing)
    assert len(in_page(drawing)) < 1200
    assert _shapes(drawing, "rect")


def test_a_chart_in_a_file_of_its_own_has_the_same_shapes_with_colours_and_a_legend() -> None:
    rows = [Bar(label="a & b", parts=(("load", 1.0), ("steps", 3.0)), value="4 s")]
    drawing = bars(rows, name="n", names={"load": "load, warm", "steps": "other steps"})
    svg = ElementTree.fromstring(as_file(drawing))
    assert [svg.get(name) for name in ("width", "height")] == ["760", str(drawing.height + 46)]
    plot = svg.find("{*}svg")
    assert plot is not None
    assert [rect.get("width") for rect in plot.findall("{*}rect")] == ["25.000%", "75.000%"]
    assert [text.text for text in svg.findall("{*}text")] == ["load, warm", "other steps"]
    style = svg.findtext("{*}style") or ""
    assert ".load { fill: #c98a00; }" in style
    assert ".load { fill: #dba32a; }" in style.split("dark")[1]
    assert "var(" not in style


def test_a_long_legend_takes_more_lines_and_nothing_falls_outside() -> None:
    names = {f"c{number}": "a rather long name of a stage" for number in range(7)}
    svg = ElementTree.fromstring(as_file(bars([], name="n", names=names)))
    keys = [(float(text.get("x", "")), float(text.get("y", ""))) for text in svg.findall("{*}text")]
    assert len(set(keys)) == 7
    assert max(across for across, _ in keys) < 760 - 200
    assert len({down for _, down in keys}) == 3
