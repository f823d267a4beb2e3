"""Trains the upscaler's UNet behind the frozen text encoder and VAE: `python -m demo.train_upscale`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.models.embeddings import get_timestep_embedding
from tokenizers import Tokenizer
from transformers import CLIPTextModel

from demo.captions import random_caption
from demo.checkpoint import resumed, save_checkpoint
from demo.optimizer import Average, Deadline, build_optimizers
from demo.scenes import Scene
from demo.tokenizer import token_ids
from demo.train_vae import WORK, to_tensor
from demo.upscale_data import FACTOR, SEED, Pictures, shrunk
from demo.upscale_export import MAX_NOISE_LEVEL, alphas_bar, write_upscaler

TEXT_SOURCE = Path(__file__).parent / "sources" / "demo-scenes"
EMPTY_SHARE = 0.30
POOLS = ((128, 6000, 0.78), (256, 900, 0.16), (512, 120, 0.06))  # side in pixels, pairs kept, share of steps


def build_unet() -> UNet2DConditionModel:
    """Return an untrained UNet: 4 latent and 3 picture channels in, text at the lowest level alone.

    The table of noise levels begins as sines, so that levels next to each other are alike from the start and
    one that is seldom drawn learns from its neighbours.
    """
    unet = UNet2DConditionModel(
        sample_size=32,
        in_channels=7,
        out_channels=4,
        block_out_channels=(64, 96, 128),
        down_block_types=("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=128,
        attention_head_dim=4,
        norm_num_groups=16,
        num_class_embeds=1000,
        use_linear_projection=True,
    )
    table = unet.class_embedding.weight
    with torch.no_grad():
        table.copy_(0.3 * get_timestep_embedding(torch.arange(len(table)), table.shape[1]))
    return unet


class Pool:
    """Pairs of one size, made a few at a time between training steps; the oldest give way to new ones."""

    def __init__(self, side: int, kept: int, share: float) -> None:
        self.side, self.share, self.made = side, share, 0
        small = side // FACTOR
        self.latents = torch.empty(kept, 4, small, small)
        self.low = np.empty((kept, 3, small, small, 3), np.uint8)  # by each filter
        self.scenes: list[Scene] = []

    @property
    def ready(self) -> int:
        """How many pairs there are."""
        return min(self.made, len(self.latents))

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def add(self, pictures: Pictures, vae: AutoencoderKL, rng: np.random.Generator) -> None:
        """Draw, encode (posterior mode, unit deviation) and shrink one more picture."""
        squares, scenes = pictures.draw(1, self.side, rng)
        at = self.made % len(self.latents)
        self.latents[at] = vae.encode(to_tensor(squares)).latent_dist.mode()[0] * vae.config.scaling_factor
        self.low[at] = shrunk(squares[0])
        self.scenes[at : at + 1] = scenes
        self.made += 1


def noise_levels(count: int, rng: np.random.Generator) -> np.ndarray:
    """Return (count,) int64 levels for the low-resolution picture: half of them at most 30."""
    low = rng.integers(0, 31, size=count)
    any_level = (MAX_NOISE_LEVEL + 1) * rng.random(count) ** 1.5
    return np.where(rng.random(count) < 0.5, low, any_level.astype(np.int64))


class Batches:
    """Draws training batches and returns their loss."""

    def __init__(self, tokenizer: Tokenizer, text_encoder: CLIPTextModel, batch: int, seed: int) -> None:
        self.pools = [Pool(*row) for row in POOLS]
        self.tokenizer, self.text_encoder, self.batch = tokenizer, text_encoder, batch
        self.rng = np.random.default_rng(seed)
        self.alpha_bar = alphas_bar()

    def add(self, pictures: Pictures, vae: AutoencoderKL, count: int) -> None:
        """Add `count` times 128x128 pixels of pairs where the pools are emptiest, counting the shares."""
        pixels = 0
        while pixels < count * 128**2:
            pool = min(self.pools, key=lambda pool: pool.made * pool.side**2 / pool.share)
            pool.add(pictures, vae, self.rng)
            pixels += pool.side**2

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def context(self, scenes: list[Scene]) -> torch.Tensor:
        """Return (n, 77, D) of captions, of which EMPTY_SHARE say nothing."""
        said = self.rng.random(len(scenes)) >= EMPTY_SHARE
        captions = [
            random_caption(scene, self.rng) if say else "" for scene, say in zip(scenes, said, strict=True)
        ]
        ids = torch.from_numpy(token_ids(self.tokenizer, captions))
        return self.text_encoder(ids).last_hidden_state

    def noised(self, clean: torch.Tensor, noise: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
        """Return sqrt(a) clean + sqrt(1 - a) noise, both (n, c, h, w), at timesteps or levels (n,)."""
        a = self.alpha_bar[steps].view(-1, 1, 1, 1)
        return a.sqrt() * clean + (1 - a).sqrt() * noise

    def loss(self, unet: UNet2DConditionModel) -> torch.Tensor:
        """Return a batch's squared error of v; timesteps lean towards noise, where the picture is made."""
        shares = np.array([pool.share if pool.ready else 0.0 for pool in self.pools])
        pool = self.pools[self.rng.choice(len(self.pools), p=shares / shares.sum())]
        count = max(1, self.batch * 128**2 // pool.side**2)
        picked = self.rng.choice(pool.ready, min(count, pool.ready), replace=False)
        count = len(picked)
        low = to_tensor(pool.low[picked, self.rng.integers(3, size=count)])
        levels = torch.from_numpy(noise_levels(count, self.rng))
        given = self.noised(low, torch.randn_like(low), levels)
        strata = (self.rng.permutation(count) + self.rng.random(count)) / count
        timesteps = torch.from_numpy((1000 * strata**0.5).astype(np.int64))
        latents = pool.latents[picked]
        noise = torch.randn_like(latents)
        a = self.alpha_bar[timesteps].view(-1, 1, 1, 1)
        target = a.sqrt() * noise - (1 - a).sqrt() * latents
        sample = torch.cat([self.noised(latents, noise, timesteps), given], dim=1)
        sample = sample.contiguous(memory_format=torch.channels_last)
        context = self.context([pool.scenes[i] for i in picked])
        made = unet(sample, timesteps, context, class_labels=levels).sample
        return (made - target).square().mean()


def train(arguments: argparse.Namespace) -> None:
    """Train until the time is up; checkpoints to `<work>/upscale-unet.pt`, the model to `--out`."""
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(SEED)
    work: Path = arguments.work
    pictures = Pictures(work / "data")
    vae = AutoencoderKL.from_pretrained(work / "upscale-vae").requires_grad_(False)
    tokenizer = Tokenizer.from_file(str(TEXT_SOURCE / "tokenizer" / "tokenizer.json"))
    text_encoder = CLIPTextModel.from_pretrained(TEXT_SOURCE / "text_encoder", dtype=torch.float32)
    text_encoder.eval().requires_grad_(False)
    unet = build_unet().to(memory_format=torch.channels_last)
    optimizers = build_optimizers(
        unet, lr=arguments.lr, beta2=0.99, adam_only=("class_embedding", "conv_in", "conv_out")
    )
    average = Average(unet, arguments.average)
    checkpoint = work / "upscale-unet.pt"
    step, elapsed = resumed(checkpoint, unet, average, optimizers)
    torch.manual_seed(SEED + step)
    batches = Batches(tokenizer, text_encoder, arguments.batch, SEED + step)
    batches.add(pictures, vae, arguments.first)
    deadline = Deadline(arguments.minutes, elapsed=elapsed, tail=arguments.tail, warm_up=100)
    saved_at, running = elapsed, 1.0
    while elapsed < deadline.total:
        batches.add(pictures, vae, arguments.encode)
        loss = batches.loss(unet)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        elapsed = deadline.elapsed
        deadline.apply(optimizers, step, arguments.lr, elapsed)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        average.update(unet)
        running += (loss.item() - running) * max(0.01, 1 / (step + 1))
        step += 1
        if step % 50 == 0:
            ready = [pool.ready for pool in batches.pools]
            print(f"{elapsed / 60:6.1f} min  step {step}  loss {running:.4f}  pairs {ready}", flush=True)
        if elapsed - saved_at > arguments.every * 60 or elapsed >= deadline.total:
            saved_at = elapsed
            save_checkpoint(checkpoint, unet, average, optimizers, step=step, elapsed=elapsed)
            average.swap(unet)
            write_upscaler(arguments.out, vae=vae, unet=unet, text_source=TEXT_SOURCE, half=False)
            average.swap(unet)
            print(f"{elapsed / 60:6.1f} min  step {step}  wrote {arguments.out}", flush=True)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=50)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--out", type=Path, default=WORK / "demo-upscale")
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--average", type=float, default=0.997, help="decay of the averaged weights")
    parser.add_argument("--batch", type=int, default=12, help="128x128 pictures a step, or as many pixels")
    parser.add_argument("--tail", type=float, default=0.5, help="share of the time in which the rate falls")
    parser.add_argument("--first", type=int, default=200, help="pictures encoded before the first step")
    parser.add_argument("--encode", type=int, default=3, help="pictures encoded before each step")
    parser.add_argument("--every", type=float, default=5, help="minutes between checkpoints")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    train(parser.parse_args())


if __name__ == "__main__":
    main()
