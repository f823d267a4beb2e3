import numpy as np
import pytest
import torch
from diffusers import StableDiffusionUpscalePipeline
from PIL import Image

from demo.checkpoint import resumed, save_checkpoint
from demo.evaluate_upscale import likeness, summary
from demo.optimizer import Average, build_optimizers
from demo.renderer import render
from demo.scenes import random_scenes
from demo.train_upscale import TEXT_SOURCE, Pool, build_unet, noise_levels
from demo.train_upscale_vae import SCALING_FACTOR, build_vae, rescale_latents
from demo.train_vae import to_tensor
from demo.upscale_data import shrunk
from demo.upscale_export import MAX_NOISE_LEVEL, write_upscaler


@pytest.fixture(scope="module")
def scene_picture():
    return render(random_scenes(1, 12, keep_out=True)[0]).picture


def enlarged(picture, kind):
    small = picture.resize((32, 32), Image.Resampling.BICUBIC)
    return small.resize(picture.size, kind)


def test_the_truth_is_as_near_and_as_sharp_as_can_be_and_blur_is_not(scene_picture):
    same = likeness(scene_picture, scene_picture)
    assert same.psnr == same.edge_psnr == 100
    assert same.sharpness == 1
    lanczos = likeness(enlarged(scene_picture, Image.Resampling.LANCZOS), scene_picture)
    bilinear = likeness(enlarged(scene_picture, Image.Resampling.BILINEAR), scene_picture)
    assert bilinear.sharpness < lanczos.sharpness < 0.8
    assert lanczos.edge_psnr < lanczos.psnr < 40


def test_the_summary_counts_pictures_that_are_nearer_to_the_truth(scene_picture):
    truth = likeness(scene_picture, scene_picture)
    lanczos = likeness(enlarged(scene_picture, Image.Resampling.LANCZOS), scene_picture)
    wins = summary([truth, lanczos], [lanczos, truth])["model_wins"]
    assert wins == {"psnr": 1, "edge_psnr": 1, "sharpness": 1}


def test_a_picture_is_shrunk_by_each_filter(scene_picture):
    small = shrunk(np.asarray(scene_picture))
    assert small.shape == (3, 32, 32, 3)
    assert not np.array_equal(small[0], small[1])
    assert not np.array_equal(small[1], small[2])


def test_noise_levels_stay_in_range_and_are_mostly_low():
    levels = noise_levels(20000, np.random.default_rng(0))
    assert levels.min() == 0
    assert levels.max() == MAX_NOISE_LEVEL
    assert 0.5 < (levels <= 30).mean() < 0.75


def test_rescaled_latents_give_the_same_pictures(scene_picture):
    torch.manual_seed(0)
    vae = build_vae((8, 16, 16)).eval()
    pixels = to_tensor(np.asarray(scene_picture)[None])
    with torch.no_grad():
        before = vae.encode(pixels).latent_dist
        picture = vae.decode(before.mode()).sample
        rescale_latents(vae, 3.0)
        after = vae.encode(pixels).latent_dist
        assert after.mode().shape == (1, 4, 32, 32)
        torch.testing.assert_close(after.mode(), 3 * before.mode(), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(after.std, 3 * before.std, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(vae.decode(after.mode()).sample, picture, rtol=1e-4, atol=1e-5)


def test_the_oldest_pairs_give_way():
    class Drawing:
        def draw(self, count, size, rng):
            return np.full((count, size, size, 3), 60 * pool.made, np.uint8), [pool.made]

    pool = Pool(32, 3, 1.0)
    vae = build_vae((8, 16, 16)).eval()
    for _ in range(4):
        pool.add(Drawing(), vae, np.random.default_rng(0))
    assert pool.ready == 3
    assert pool.scenes == [3, 1, 2]
    assert pool.low[:, 0, 0, 0, 0].tolist() == [180, 60, 120]
    assert not torch.equal(pool.latents[0], pool.latents[1])


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_a_written_upscaler_runs_in_diffusers_own_pipeline(tmp_path, scene_picture):
    torch.manual_seed(0)
    write_upscaler(
        tmp_path / "made", vae=build_vae((8, 16, 16)), unet=build_unet(), text_source=TEXT_SOURCE, half=False
    )
    pipeline = StableDiffusionUpscalePipeline.from_pretrained(tmp_path / "made", torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    assert pipeline.vae.config.scaling_factor == SCALING_FACTOR
    assert pipeline.config.max_noise_level == MAX_NOISE_LEVEL
    small = scene_picture.resize((32, 32))
    picture = pipeline("a red house", image=small, num_inference_steps=2, noise_level=20).images[0]
    assert picture.size == (128, 128)


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path):
    def made(seed):
        torch.manual_seed(seed)
        module = torch.nn.Linear(20, 20)
        return module, Average(module, 0.9), build_optimizers(module, lr=0.01, beta2=0.99)

    def step(module, average, optimizers):
        module(torch.ones(2, 20)).square().sum().backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        average.update(module)

    first, second = made(1), made(2)
    assert resumed(tmp_path / "run.pt", *first) == (0, 0.0)
    step(*first)
    save_checkpoint(tmp_path / "run.pt", *first, step=1, elapsed=2.5)
    assert resumed(tmp_path / "run.pt", *second) == (1, 2.5)
    step(*first)
    step(*second)
    for name, value in first[0].state_dict().items():
        assert torch.equal(value, second[0].state_dict()[name])
        assert torch.equal(first[1].values[name], second[1].values[name])
