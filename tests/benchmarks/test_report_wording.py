import pytest

from benchmarks.summary import Figure
from benchmarks.wording import gibibytes, money, percent, plain, rate, seconds, spread, times


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        *(
            (None, "–"),
            (0.0, "0 s"),
            (3.449, "3.45 s"),
            (12.34, "12.3 s"),
            (160.2, "160 s"),
            (0.3514, "0.351 s"),
        ),
        *(
            (0.0854, "85.4 ms"),
            (0.00123, "1.23 ms"),
            (2.1e-6, "2.10 µs"),
            (3e-9, "3.00 ns"),
            (4321.0, "4,321 s"),
        ),
    ],
)
def test_durations_keep_three_digits(value: float | None, shown: str) -> None:
    assert seconds(value) == shown


def test_other_figures_name_their_unit() -> None:
    assert (times(2.058), percent(0.0042), percent(0.814)) == ("2.06x", "0.42 %", "81 %")
    assert (rate(152.7, "f32"), rate(361.0, "int8"), rate(None, "f32")) == ("153 GFLOPS", "361 GOPS", "–")
    assert (gibibytes(5.2 * 2**30), gibibytes(20 * 2**20)) == ("5.20 GiB", "20 MiB")
    assert (money(0.00162, "EUR"), money(2.5, "EUR"), money(None, "EUR")) == ("0.00162 EUR", "2.50 EUR", "–")


def test_a_spread_names_its_unit_once_and_needs_two_samples() -> None:
    assert spread(Figure(median=3.5, low=3.41, high=3.52, n=5)) == "3.41 to 3.52 s"
    assert spread(Figure(median=0.1, low=0.09, high=0.11, n=2)) == "90.0 ms to 0.110 s"
    assert spread(Figure(median=1.0, low=1.0, high=1.0, n=1)) == ""


def test_a_strangers_text_becomes_one_clipped_line() -> None:
    assert plain("a\n\x1b[31m\u202eb\ud800\u00a0 c") == "a [31m b c"
    assert plain("x" * 500) == "x" * 399 + "…"
    assert plain(None) == ""
    assert plain({"a": 1}) == "{'a': 1}"
