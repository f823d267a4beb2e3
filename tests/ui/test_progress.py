"""What the line on a terminal says while work goes through phases, pieces and tiles."""

import io
import re

import pytest

from ui.progress import Progress


class Terminal(io.StringIO):
    """Keeps what was shown, the last line by itself."""

    def isatty(self) -> bool:
        return True

    @property
    def line(self) -> str:
        return self.getvalue().rpartition("\x1b[2K")[2]


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    return now


def seconds_a_step(line: str) -> float:
    found = re.search(r"([\d.]+) s/step", line)
    assert found is not None
    return float(found[1])


def test_tiles_show_beside_the_bar_and_do_not_reset_the_rate(terminal: Terminal, clock: list[float]) -> None:
    progress = Progress(stream=terminal)
    progress.phase("denoising")
    progress.phase("denoising, tile 1 of 2")
    assert terminal.line == "denoising, tile 1 of 2 ..."
    clock[0] += 5
    progress.phase("denoising, tile 2 of 2")
    clock[0] += 5
    progress.step(1, 4)
    assert seconds_a_step(terminal.line) == 10
    assert "step 1/4 [#######....." in terminal.line
    progress.phase("denoising, tile 1 of 2")
    assert "step 1/4" in terminal.line
    assert terminal.line.endswith("30 s left, tile 1 of 2")
    clock[0] += 10
    progress.step(2, 4)
    assert seconds_a_step(terminal.line) == 10


def test_what_lies_between_pieces_is_no_part_of_a_step(terminal: Terminal, clock: list[float]) -> None:
    progress = Progress(stream=terminal)
    progress.phase("denoising")
    clock[0] += 2
    progress.step(1, 4)
    progress.phase("decoding")
    clock[0] += 60
    progress.phase("encoding the picture")
    assert terminal.line == "encoding the picture ..."
    clock[0] += 60
    progress.phase("denoising")
    clock[0] += 4
    progress.step(2, 4)
    assert seconds_a_step(terminal.line) == 3
    assert "6 s left" in terminal.line
    clock[0] += 60
    progress.resume()
    clock[0] += 3
    progress.step(3, 4)
    assert seconds_a_step(terminal.line) == 3


def test_every_picture_has_its_own_rate_and_decoding_its_own_tiles(
    terminal: Terminal, clock: list[float]
) -> None:
    progress = Progress(stream=terminal)
    for number, seconds in ((1, 9.0), (2, 1.0)):
        progress.picture(number, 2)
        progress.phase("denoising")
        for step in (1, 2):
            clock[0] += seconds
            progress.step(step, 2)
        assert terminal.line.startswith(f"picture {number}/2: step 2/2 [{'#' * 28}]")
        assert seconds_a_step(terminal.line) == seconds
        progress.phase("decoding, tile 3 of 9")
        assert terminal.line == f"picture {number}/2: decoding, tile 3 of 9 ..."


def test_nothing_is_drawn_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress.phase("denoising")
        progress.step(1, 1)
        progress.note("a line")
    assert capsys.readouterr().err == "a line\n"
