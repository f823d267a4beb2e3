"""Step previews have the colours of the picture, by a map that was fitted to the model's own VAE."""

import numpy as np
from PIL import Image

from runtime import TextToImage, open_pipeline
from runtime.model_folder import ModelFolder
from tests.models import DEMO_MODEL


def test_the_last_preview_is_the_picture_made_small() -> None:
    assert ModelFolder(DEMO_MODEL).manifest is not None
    with open_pipeline(device="cpu", cache=False) as pipeline:
        prompt = "a red castle on the left in the desert at sunset"
        asked = TextToImage(prompt=prompt, sampler="Euler", seed=2, num_inference_steps=12)
        generation = pipeline.generate(asked)
        for _ in generation:
            preview = generation.preview()
        picture = generation.result().images[0]
    small = picture.resize(preview.size, Image.Resampling.BOX)
    difference = np.abs(np.asarray(small, float) - np.asarray(preview, float))
    unrelated = np.abs(np.asarray(small, float)[::-1] - np.asarray(preview, float))
    assert difference.mean() < 35
    assert difference.mean() < 0.6 * unrelated.mean()
