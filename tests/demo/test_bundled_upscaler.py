from dataclasses import astuple

import numpy as np
from PIL import Image

from demo.evaluate_upscale import likeness
from demo.renderer import render
from demo.scenes import random_scenes
from runtime import Upscale, open_pipeline


def test_the_bundled_upscaler_is_nearer_to_unseen_scenes_than_lanczos():
    ours, theirs = [], []
    with open_pipeline("demo-upscale", device="cpu") as pipeline:
        for scene in random_scenes(4, 41, keep_out=True):
            true = render(scene).picture
            small = true.resize((32, 32), Image.Resampling.BICUBIC)
            request = Upscale(image=small, num_inference_steps=8, seed=3, noise_level=5)
            made = pipeline.generate(request).result().images[0]
            ours.append(astuple(likeness(made, true)))
            theirs.append(astuple(likeness(small.resize(true.size, Image.Resampling.LANCZOS), true)))
    gains = np.mean(ours, axis=0) - np.mean(theirs, axis=0)
    assert gains[0] > 1  # dB
    assert gains[1] > 1.5  # dB at the edges
    assert gains[2] > 0.25  # of the true sharpness
