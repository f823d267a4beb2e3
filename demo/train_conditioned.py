"""Widens the text-to-image UNet: `python -m demo.train_conditioned inpaint` (or `depth`) `--minutes 25`.

The text encoder and the VAE stay as they are; the UNet starts from the text-to-image weights, with zeros for
the channels that are new: mask and masked picture (5), or depth (1).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, UNet2DConditionModel
from tokenizers import Tokenizer
from transformers import CLIPTextModel

from demo.captions import object_caption, random_caption
from demo.conditions import widened, write_conditioned
from demo.dataset import OBJECT, Frames, heightened
from demo.masks import random_mask
from demo.optimizer import Average, Deadline, build_optimizers
from demo.renderer import render
from demo.train_unet import SEED, Batches, Bucket, buckets
from demo.train_vae import WORK, to_tensor
from demo.workers import Workers

NEW_CHANNELS = {"inpaint": 5, "depth": 1}
# Of 128x128, 192x128, 128x192, and for inpainting of 128x128 with more sky and ground.
SHARES = {"inpaint": (0.52, 0.22, 0.08, 0.18), "depth": (0.64, 0.22, 0.14)}
HEIGHTENED, ADDED_ROWS = 1500, 64  # frames of the last kind, and the rows they gain
OBJECT_CAPTION_SHARE = 0.25  # where the condition says all the rest
KNOWN_WEIGHT = 0.6  # of a known latent pixel's error, against 1 of an unknown one's


class Conditioned(torch.nn.Module):  # type: ignore[misc]
    """The trained UNet behind the frozen text encoder."""

    def __init__(self, unet: UNet2DConditionModel, text_encoder: CLIPTextModel) -> None:
        super().__init__()
        self.unet = unet
        self._encode = text_encoder.eval().requires_grad_(False).forward

    def forward(self, latents: torch.Tensor, timesteps: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """Return the predicted noise (n, 4, h, w) for `latents` (n, 4 + new channels, h, w)."""
        with torch.no_grad():
            context = self._encode(ids).last_hidden_state  # (n, 77, 128)
        return self.unet(latents, timesteps, context).sample


class Conditions:
    """Frames of one size with their conditions, which are made a few at a time between training steps.

    A frame can be drawn several times: each time it gets a mask of its own.
    """

    def __init__(self, task: str, bucket: Bucket, vae: AutoencoderKL, rng: np.random.Generator) -> None:
        self.task, self.bucket, self.vae, self.rng = task, bucket, vae, rng
        self.frames: list[int] = []
        self.beside: list[torch.Tensor] = []  # (new channels, h/8, w/8)
        self.weights: list[torch.Tensor] = []  # (1, h/8, w/8)
        self.alone: list[bool] = []  # whether the object's name is caption enough

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def make(self, count: int) -> None:
        """Add `count` frames."""
        odds = self.bucket.odds / self.bucket.odds.sum()
        picked = self.rng.choice(len(odds), count, p=odds)
        weights = self.bucket.weights[picked]
        if self.task == "depth":
            beside, alone = self._depth(picked), [True] * count
        else:
            beside, alone = self._masked(picked)
            weights = weights * (KNOWN_WEIGHT + (1 - KNOWN_WEIGHT) * beside[:, :1])
            weights = weights / weights.mean((1, 2, 3), keepdim=True)
        self.frames.extend(picked.tolist())
        self.beside.extend(beside)
        self.weights.extend(weights)
        self.alone.extend(alone)

    def _depth(self, picked: np.ndarray) -> torch.Tensor:
        height, width = self.bucket.frames.masks.shape[1:]
        scenes = [self.bucket.frames.scenes[index] for index in picked]
        return depth_channel(np.stack([render(scene, width, height).depth for scene in scenes]))

    def _masked(self, picked: np.ndarray) -> tuple[torch.Tensor, list[bool]]:
        things = (self.bucket.frames.masks[picked] & OBJECT) > 0
        above = self.bucket.frames.added_above
        if above is None:
            drawn = [random_mask(self.rng, thing) for thing in things]
        else:
            drawn = [(added_rows(things.shape[1], things.shape[2], top), False) for top in above[picked]]
        masks = np.stack([mask for mask, _ in drawn])
        pictures = np.stack([self.bucket.frames.pictures[index] for index in picked])
        return inpaint_channels(self.vae, pictures, masks), [whole for _, whole in drawn]


def added_rows(height: int, width: int, above: int) -> np.ndarray:
    """Mask the rows that `heightened` added, `above` of them on top."""
    mask = np.ones((height, width), bool)
    mask[above : above + height - ADDED_ROWS] = False
    return mask


def depth_channel(depth: np.ndarray) -> torch.Tensor:
    """Return depth maps (n, height, width), near high, as (n, 1, height/8, width/8) in -1 to 1."""
    size = depth.shape[1] // 8, depth.shape[2] // 8
    small = F.interpolate(torch.from_numpy(depth)[:, None], size, mode="bicubic", align_corners=False)
    low, high = small.amin((1, 2, 3), keepdim=True), small.amax((1, 2, 3), keepdim=True)
    return 2 * (small - low) / (high - low) - 1


def inpaint_channels(vae: AutoencoderKL, pictures: np.ndarray, masks: np.ndarray) -> torch.Tensor:
    """Return mask and masked latents, (n, 5, h/8, w/8), of pictures (n, h, w, 3) uint8, masks (n, h, w)."""
    unknown = torch.from_numpy(masks)[:, None].float()
    masked = to_tensor(pictures) * (1 - unknown)
    latents = vae.encode(masked).latent_dist.mode() * vae.config.scaling_factor
    return torch.cat([F.interpolate(unknown, latents.shape[2:]), latents], dim=1)


class ConditionedBatches(Batches):
    """Draws batches from `Conditions`."""

    def __init__(
        self, task: str, sizes: list[Bucket], vae: AutoencoderKL, tokenizer: Tokenizer, batch: int
    ) -> None:
        super().__init__(sizes, tokenizer, batch, SEED)
        self.pools = [Conditions(task, size, vae, self.rng) for size in sizes]

    def make(self, count: int) -> None:
        """Make conditions for the size that lags most behind its share."""
        min(self.pools, key=lambda pool: len(pool.frames) / pool.bucket.share).make(count)

    def loss(self, model: torch.nn.Module) -> torch.Tensor:
        """Return the weighted squared error of one batch."""
        pool = self.pools[self.turns.choice(len(self.pools), p=[pool.bucket.share for pool in self.pools])]
        count = self.batch * 256 // pool.bucket.latents[0, 0].numel()
        chosen = self.rng.choice(len(pool.frames), count, replace=False).tolist()
        picked = np.array([pool.frames[i] for i in chosen])
        captions = []
        for i in chosen:
            scene = pool.bucket.frames.scenes[pool.frames[i]]
            short = pool.alone[i] and self.rng.random() < OBJECT_CAPTION_SHARE
            captions.append((object_caption if short else random_caption)(scene, self.rng))
        ids = self.worded(pool.bucket, picked, captions)
        beside, weights = (torch.stack([kept[i] for i in chosen]) for kept in (pool.beside, pool.weights))
        return self.error(model, pool.bucket.latents[picked], weights, ids, beside)


def encoded(work: Path, vae: AutoencoderKL, task: str) -> list[Bucket]:
    """Return the frames of every size with their latents, from text-to-image training where it left them."""
    sizes = buckets(work / "data", Workers(0, 1, work))
    left = sorted(work.glob("latents-*-of-*.pt"))
    for rank, path in enumerate(left):
        for size, (latents, weights, ready) in zip(sizes, torch.load(path), strict=True):
            if ready == len(latents):
                size.latents[rank :: len(left)], size.weights[rank :: len(left)] = latents, weights
                size.ready += ready
    if task == "inpaint":
        sizes.append(heightened_bucket(sizes[0].frames))
    for size, share in zip(sizes, SHARES[task], strict=True):
        size.share = share
        if size.ready < len(size.latents):
            size.ready = 0
        while size.ready < len(size.latents):
            size.encode_more(vae, 40)
    return sizes


def heightened_bucket(square: Frames) -> Bucket:
    """Return some of the square frames with more sky and ground, not yet encoded."""
    some = Frames(
        pictures=square.pictures[:HEIGHTENED],
        masks=square.masks[:HEIGHTENED],
        scenes=square.scenes[:HEIGHTENED],
    )
    taller = heightened(some, ADDED_ROWS, np.random.default_rng(SEED))
    count, height, width = taller.masks.shape
    shape = (count, 1, height // 8, width // 8)
    latents, weights = torch.empty(count, 4, *shape[2:]), torch.empty(shape)
    return Bucket(frames=taller, latents=latents, weights=weights, share=0.0)


def train(arguments: argparse.Namespace) -> None:
    """Train until the time is up; the model goes to `--out` every few minutes."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(SEED)
    source: Path = arguments.source
    tokenizer = Tokenizer.from_file(str(source / "tokenizer" / "tokenizer.json"))
    vae = AutoencoderKL.from_pretrained(source, subfolder="vae", torch_dtype=torch.float32)
    vae.requires_grad_(False)
    text_encoder = CLIPTextModel.from_pretrained(source, subfolder="text_encoder", torch_dtype=torch.float32)
    unet = UNet2DConditionModel.from_pretrained(source, subfolder="unet", torch_dtype=torch.float32)
    model = Conditioned(widened(unet, NEW_CHANNELS[arguments.task]), text_encoder)
    optimizers = build_optimizers(
        model, lr=arguments.lr, beta2=0.99, adam_only=("n_embedding", "conv_in", "conv_out")
    )
    average = Average(model, arguments.average)
    batches = ConditionedBatches(
        arguments.task, encoded(arguments.work, vae, arguments.task), vae, tokenizer, arguments.batch
    )
    while sum(len(pool.frames) for pool in batches.pools) < arguments.first:
        batches.make(16)
    deadline = Deadline(arguments.minutes, tail=arguments.tail, warm_up=60)
    step, elapsed, saved_at, running = 0, 0.0, 0.0, 1.0
    while elapsed < deadline.total:
        batches.make(arguments.encode)
        model.zero_grad(set_to_none=True)
        loss = batches.loss(model)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        elapsed = deadline.elapsed
        deadline.apply(optimizers, step, arguments.lr, elapsed)
        for optimizer in optimizers:
            optimizer.step()
        average.update(model)
        running += (loss.item() - running) * max(0.01, 1 / (step + 1))
        step += 1
        if step % 50 == 0:
            made = [len(pool.frames) for pool in batches.pools]
            print(f"{elapsed / 60:6.1f} min  step {step}  loss {running:.4f}  frames {made}", flush=True)
        if elapsed - saved_at > arguments.every * 60 or elapsed >= deadline.total:
            saved_at = elapsed
            average.swap(model)
            write_conditioned(arguments.out, model.unet, source=source, half=arguments.half)
            average.swap(model)
            print(f"{elapsed / 60:6.1f} min  step {step}  wrote {arguments.out}", flush=True)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=sorted(NEW_CHANNELS))
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument(
        "--source", type=Path, default=Path("demo/sources/demo-scenes"), help="start from here"
    )
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--out", type=Path, required=True, help="the diffusers folder to write")
    parser.add_argument("--half", action="store_true", help="write the UNet's weights as fp16")
    parser.add_argument("--lr", type=float, default=1.2e-3)
    parser.add_argument("--average", type=float, default=0.99, help="decay of the averaged weights")
    parser.add_argument("--batch", type=int, default=32, help="128x128 pictures a step, or as many pixels")
    parser.add_argument("--tail", type=float, default=0.6, help="share of the time in which the rate falls")
    parser.add_argument("--first", type=int, default=1200, help="conditions made before the first step")
    parser.add_argument("--encode", type=int, default=10, help="conditions made before each step")
    parser.add_argument("--every", type=float, default=5, help="minutes between written models")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
