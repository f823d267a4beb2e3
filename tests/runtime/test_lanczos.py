"""Enlarging without a model."""

import numpy as np
import pytest
from PIL import Image

from runtime import InvalidRequest
from runtime.infotext_reader import read_infotext
from runtime.lanczos import enlarge, lanczos_text


def test_flat_colour_stays_and_edges_stay_in_place() -> None:
    half = Image.new("RGB", (16, 8), (200, 30, 60))
    half.paste((20, 200, 90), (8, 0, 16, 8))
    enlarged = np.asarray(enlarge(half))
    assert enlarged.shape == (32, 64, 3)
    assert (enlarged[:, :16] == (200, 30, 60)).all()
    assert (enlarged[:, -16:] == (20, 200, 90)).all()
    assert (enlarged[:, 31, 0] > 110).all()
    assert (enlarged[:, 32, 0] < 110).all()


def test_a_result_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"4097x3 picture cannot be enlarged to 16388x12"):
        enlarge(Image.new("RGB", (4097, 3)))


def test_its_text_says_what_was_done() -> None:
    values = read_infotext(lanczos_text((64, 32))).values
    assert values["Postprocess upscaler"] == "Lanczos"
    assert values["Size"] == "64x32"
