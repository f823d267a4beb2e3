"""What a scheduler is: made for one generation, it turns what the network says into the next latents."""

from typing import Protocol

from runtime.arrays import Array


class DrawNoise(Protocol):
    """Draws standard normal noise for a stochastic step; deterministic samplers never call it."""

    def __call__(self) -> Array:
        """Return fresh noise with the shape of the latents."""
        ...


class Scheduler(Protocol):
    """One evaluation plan of a sampler: made per request, never shared, indexed by evaluation.

    `timesteps[i]` is the (possibly fractional) training timestep that the UNet sees at evaluation i. A step
    may evaluate the UNet more than once: `step_index[i]` says to which of the `num_inference_steps`
    shown steps evaluation i belongs. Multi-step history is kept inside, so an object is driven once and in
    order; it may start at the first evaluation of any step (image to image).
    """

    @property
    def timesteps(self) -> Array:
        """(E,) the training timestep of each evaluation."""
        ...

    @property
    def step_index(self) -> tuple[int, ...]:
        """(E,) which shown step, 0-based, each evaluation belongs to."""
        ...

    @property
    def num_inference_steps(self) -> int:
        """How many steps were asked for, and are shown."""
        ...

    @property
    def init_noise_sigma(self) -> float:
        """Standard deviation that the initial noise is scaled to."""
        ...

    def scale_model_input(self, latents: Array, i: int) -> Array:
        """Return what the UNet sees at evaluation i; the input is not changed."""
        ...

    def add_noise(self, original: Array, noise: Array, i: int) -> Array:
        """Return `original` noised to the level of evaluation i (image to image, inpainting)."""
        ...

    def predicted_original(self, sample: Array, output: Array, i: int) -> Array:
        """Return the finished latents that the network's `output` at evaluation i expects, for previews.

        `sample` is what the network saw.
        """
        ...

    def step(self, noise_pred: Array, i: int, latents: Array, noise: DrawNoise) -> Array:
        """Return the latents after evaluation i; neither input is changed."""
        ...
