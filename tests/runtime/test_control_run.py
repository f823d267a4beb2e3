"""ControlNets in the loop: which run when, how often each counts, what is kept with deep features."""

import numpy as np
from PIL import Image

from runtime.arrays import Array
from runtime.backends.base import Conditioning
from runtime.control import Control
from runtime.control_run import Controlling, Controls
from runtime.control_shapes import RESIDUALS

PICTURE = Image.new("RGB", (8, 8))
SEEN = np.zeros((1, 3, 8, 8), np.float32)
COUNT = 5


class Listening:
    """Two nets that say their number and how often they ran, and a UNet that remembers what it was told."""

    def __init__(self, *controls: Control) -> None:
        self.runs: list[int] = []
        self.told: list[Array] = []
        self.controls = Controls(
            controllings=[
                Controlling(control=control, net=net, picture=SEEN) for net, control in enumerate(controls)
            ],
            run=self._run,
            count=COUNT,
        )

    def _run(self, number: int, sample: Array, *_: object) -> Array:
        self.runs.append(number)
        return np.full((len(sample), COUNT), 10.0**number, np.float32)

    def call(self, weights: tuple[float, ...], rows: int = 2, *, whole: bool = True) -> Array:
        def unet(sample: Array, timestep: float, conditioning: Conditioning) -> Array:
            self.told.append(conditioning.extra[RESIDUALS])
            return sample

        told = Conditioning(encoder_hidden_states=None, whole=whole)
        self.controls.around(unet, weights)(np.zeros((rows, 4, 1, 1), np.float32), 1.0, told)
        return self.told[-1]


def _both() -> Listening:
    return Listening(
        Control(net="one", image=PICTURE, weight=0.5, end=0.5),
        Control(net="two", image=PICTURE, start=0.25),
    )


def test_each_counts_in_its_share_of_the_evaluations() -> None:
    assert _both().controls.weights(4) == [(0.5, 0.0), (0.5, 1.0), (0.0, 1.0), (0.0, 1.0)]


def test_what_they_say_is_weighted_and_added_and_a_silent_one_is_not_run() -> None:
    loop = _both()
    assert (loop.call((0.5, 1.0)) == 10.5).all()
    assert (loop.call((0.0, 1.0)) == 10).all()
    assert (loop.call((0.0, 0.0)) == 0).all()
    assert loop.told[-1].shape == (2, COUNT)
    assert loop.runs == [0, 1, 1]


def test_outermost_layers_get_what_was_said_with_the_deep_features() -> None:
    loop = _both()
    loop.call((0.5, 1.0))
    assert (loop.call((0.0, 1.0), whole=False) == 10.5).all()
    lower = loop.call((0.0, 1.0), rows=1, whole=False)  # a step without guidance: the conditional half
    assert lower.shape == (1, COUNT)
    assert loop.runs == [0, 1]
