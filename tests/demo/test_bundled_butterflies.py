import numpy as np
import pytest

from demo.butterflies import draw, random_butterfly
from demo.evaluate_butterflies import CLEARLY, asymmetry, background_of
from runtime import Unconditional, open_pipeline


@pytest.fixture(scope="module")
def pictures():
    with open_pipeline("demo-butterflies", device="cpu") as pipeline:
        requests = [Unconditional(seed=seed, num_inference_steps=25) for seed in range(70, 78)]
        return [pipeline.generate(request).result().images[0] for request in requests]


def test_bundled_butterflies_are_clearly_nearer_to_their_own_mirror_image_than_to_anothers(pictures):
    others = pictures[1:] + pictures[:1]
    pairs = zip(pictures, others, strict=True)
    nearer = [asymmetry(picture) < CLEARLY * asymmetry(picture, other) for picture, other in pairs]
    assert np.mean(nearer) >= 0.75


def test_bundled_butterflies_differ_and_lie_on_light_backgrounds(pictures):
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)
    assert np.mean([background_of(picture) is not None for picture in pictures]) >= 0.75


def test_bundled_butterflies_have_the_colours_of_drawn_ones(pictures):
    """Mean and spread of all pixels, which noise or an untrained network misses by far."""
    rng = np.random.default_rng(5)
    drawn = np.stack([np.asarray(draw(random_butterfly(rng), pictures[0].width)) for _ in range(60)])
    made = np.stack([np.asarray(picture) for picture in pictures])
    assert abs(made.mean() - drawn.mean()) < 25
    assert abs(made.std() - drawn.std()) < 25
