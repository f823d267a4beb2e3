"""Trains text encoder and UNet together on latents: `python -m demo.train_unet --minutes 90`."""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, UNet2DConditionModel
from tokenizers import Tokenizer
from transformers import CLIPTextConfig, CLIPTextModel

from demo.captions import random_caption
from demo.dataset import LIGHT, OBJECT, Frames, rendered
from demo.export import alphas_bar, write_pipeline
from demo.noising import noised, snr_weight
from demo.optimizer import Average, Deadline, build_optimizers
from demo.tokenizer import END, LENGTH, START, token_ids
from demo.train_vae import WORK, to_tensor
from demo.workers import Workers

SEED = 201
SIZES = (
    (128, 128, 10000, 0.78),
    (192, 128, 1600, 0.13),
    (128, 192, 1200, 0.09),
)  # width, height, frames, share
EMPTY_SHARE = 0.14
# Guidance subtracts what an empty prompt predicts. Where that never expects snow, it multiplies every flake.
EMPTY_SHARE_IN_SNOWFALL = 0.30


class Denoiser(torch.nn.Module):  # type: ignore[misc]
    """The text encoder and the UNet, trained as one."""

    def __init__(self, vocabulary: int, start: int, end: int) -> None:
        super().__init__()
        self.text_encoder = CLIPTextModel(
            CLIPTextConfig(
                vocab_size=vocabulary,
                hidden_size=128,
                intermediate_size=384,
                num_hidden_layers=3,
                num_attention_heads=4,
                max_position_embeddings=LENGTH,
                projection_dim=128,
                bos_token_id=start,
                eos_token_id=end,
                pad_token_id=end,
            )
        )
        self.unet = UNet2DConditionModel(
            sample_size=16,
            block_out_channels=(64, 128, 128),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            layers_per_block=1,
            cross_attention_dim=128,
            attention_head_dim=4,
            norm_num_groups=16,
        )

    def forward(self, latents: torch.Tensor, timesteps: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """Return the predicted noise, shaped like `latents` (n, 4, h, w)."""
        context = self.text_encoder(ids).last_hidden_state  # (n, 77, 128)
        return self.unet(latents, timesteps, context).sample


@dataclass(kw_only=True)
class Bucket:
    """Latents of one size, encoded a few at a time between training steps, with weights for the loss."""

    frames: Frames
    latents: torch.Tensor
    weights: torch.Tensor
    share: float
    ready: int = 0

    def __post_init__(self) -> None:
        """Let scenes that are rare, and harder, come up more often."""
        self.snowfall = np.array([scene.snowfall for scene in self.frames.scenes])
        unlit = np.array([scene.light == "none" for scene in self.frames.scenes])
        self.odds = 1 + 2.5 * self.snowfall + 0.5 * unlit

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def encode_more(self, vae: AutoencoderKL, count: int) -> None:
        """Encode the next `count` frames (posterior mode, scaled to unit deviation)."""
        stop = min(self.ready + count, len(self.latents))
        if stop > self.ready:
            pictures = to_tensor(self.frames.pictures[self.ready : stop])
            mode = vae.encode(pictures).latent_dist.mode() * vae.config.scaling_factor
            self.latents[self.ready : stop] = mode
            self.weights[self.ready : stop] = loss_weights(self.frames.masks[self.ready : stop])
            self.ready = stop


def loss_weights(masks: np.ndarray) -> torch.Tensor:
    """Return (n, 1, h/8, w/8) weights, mean 1: more on the object and on both places for the light."""
    bits = torch.from_numpy(masks)[:, None]
    thing, light = ((bits & OBJECT) > 0).float(), ((bits & LIGHT) > 0).float()
    lights = torch.maximum(light, light.flip(-1))
    weights = 1 + 1.5 * F.avg_pool2d(thing, 8) + 1.5 * F.avg_pool2d(lights, 8)
    return weights / weights.mean((1, 2, 3), keepdim=True)


def buckets(folder: Path, workers: Workers) -> list[Bucket]:
    """Return a bucket per training size with this worker's part of the frames."""
    made = []
    for index, (width, height, count, share) in enumerate(SIZES):
        frames = rendered(count, SEED + index, width=width, height=height, keep_out=False, folder=folder)
        part = slice(workers.rank, None, workers.count)
        frames = Frames(pictures=frames.pictures[part], masks=frames.masks[part], scenes=frames.scenes[part])
        count = len(frames.scenes)
        shape = (count, 1, height // 8, width // 8)
        latents, weights = torch.empty(count, 4, *shape[2:]), torch.empty(shape)
        made.append(Bucket(frames=frames, latents=latents, weights=weights, share=share))
    return made


class Batches:
    """Draws training batches: one size at a time, timesteps stratified, captions worded anew each time."""

    def __init__(self, sizes: list[Bucket], tokenizer: Tokenizer, batch: int, seed: int) -> None:
        self.sizes, self.tokenizer, self.batch = sizes, tokenizer, batch
        self.rng = np.random.default_rng(seed)
        self.turns = np.random.default_rng(SEED)  # the same on every worker: all train one size at a time
        self.alpha_bar = alphas_bar()
        self.weight = snr_weight(self.alpha_bar)
        self.empty = token_ids(tokenizer, [""])[0]

    def loss(self, model: torch.nn.Module) -> torch.Tensor:
        """Return the weighted squared error of one batch."""
        shares = np.array([size.share if size.ready >= 50 else 0.0 for size in self.sizes])
        bucket = self.sizes[self.turns.choice(len(self.sizes), p=shares / shares.sum())]
        count = self.batch * 256 // bucket.latents[0, 0].numel()
        odds = bucket.odds[: bucket.ready]
        picked = self.rng.choice(bucket.ready, count, replace=False, p=odds / odds.sum())
        ids = self.worded(bucket, picked, [random_caption(bucket.frames.scenes[i], self.rng) for i in picked])
        return self.error(model, bucket.latents[picked], bucket.weights[picked], ids)

    def worded(self, bucket: Bucket, picked: np.ndarray, captions: list[str]) -> torch.Tensor:
        """Return the captions' token ids (n, 77), some of them of the empty caption instead."""
        ids = token_ids(self.tokenizer, captions)
        unnamed = np.where(bucket.snowfall[picked], EMPTY_SHARE_IN_SNOWFALL, EMPTY_SHARE)
        ids[self.rng.random(len(picked)) < unnamed] = self.empty
        return torch.from_numpy(ids)

    def error(
        self,
        model: torch.nn.Module,
        latents: torch.Tensor,
        weights: torch.Tensor,
        ids: torch.Tensor,
        beside: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the weighted squared error on these latents; `beside` are channels given unnoised."""
        count = len(latents)
        strata = (self.rng.permutation(count) + self.rng.random(count)) / count
        timesteps = torch.from_numpy((strata * 1000).astype(np.int64))
        given, target = noised(latents, torch.randn_like(latents), timesteps, self.alpha_bar)
        if beside is not None:
            given = torch.cat([given, beside], dim=1)
        error = (model(given, timesteps, ids) - target).square() * weights
        return (error.mean((1, 2, 3)) * self.weight[timesteps]).mean()


def train(rank: int, arguments: argparse.Namespace) -> None:
    """Train until the time is up, as one of the workers; checkpoint to `<work>/unet.pt`, model to `--out`."""
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(SEED)
    work: Path = arguments.work
    workers = Workers(rank, arguments.workers, arguments.meeting)
    tokenizer = Tokenizer.from_file(str(work / "tokenizer" / "tokenizer.json"))
    vae = AutoencoderKL.from_pretrained(work / arguments.vae)
    vae.requires_grad_(False)
    start, end = (tokenizer.token_to_id(token) for token in (START, END))
    model = Denoiser(tokenizer.get_vocab_size(), start, end)
    optimizers = build_optimizers(
        model,
        lr=arguments.lr,
        beta2=0.99,
        adam_only=("n_embedding", "conv_in", "conv_out"),
        workers=workers,
    )
    average = Average(model, arguments.average)
    checkpoint = work / "unet.pt"
    step, elapsed = 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint)
        step, elapsed = state["step"], state["elapsed"]
        model.load_state_dict(state["model"])
        average.values, average.steps = state["average"], step
        for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
    sizes = buckets(work / "data", workers)
    latents_at = work / f"latents-{rank}-of-{workers.count}.pt"
    if latents_at.exists():
        for size, (latents, weights, ready) in zip(sizes, torch.load(latents_at), strict=True):
            size.latents, size.weights, size.ready = latents, weights, ready
    own_seed = SEED + step + 1_000_000 * rank
    torch.manual_seed(own_seed)
    batches = Batches(sizes, tokenizer, arguments.batch // workers.count, own_seed)
    while sum(size.ready for size in sizes) < arguments.first // workers.count:
        min(sizes, key=lambda size: size.ready / len(size.latents)).encode_more(vae, 16)
    workers.attach(model)
    deadline = Deadline(arguments.minutes, elapsed=elapsed, tail=arguments.tail, warm_up=100)
    saved_at, running = elapsed, 1.0
    while elapsed < deadline.total:
        lagging = min(sizes, key=lambda size: size.ready / len(size.latents))
        lagging.encode_more(vae, arguments.encode // workers.count)
        workers.clear()
        loss = batches.loss(model)
        loss.backward()
        elapsed = workers.average_gradients(deadline.elapsed)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        deadline.apply(optimizers, step, arguments.lr, elapsed)
        for optimizer in optimizers:
            optimizer.step()
        average.update(model)
        running += (loss.item() - running) * max(0.01, 1 / (step + 1))
        step += 1
        if step % 50 == 0 and rank == 0:
            ready = [size.ready for size in sizes]
            print(f"{elapsed / 60:6.1f} min  step {step}  loss {running:.4f}  latents {ready}", flush=True)
        if elapsed - saved_at > arguments.every * 60 or elapsed >= deadline.total:
            saved_at = elapsed
            torch.save([(size.latents, size.weights, size.ready) for size in sizes], latents_at)
            if rank > 0:
                continue
            state = {
                "step": step,
                "elapsed": saved_at,
                "average": average.values,
                "model": model.state_dict(),
            }
            state["optimizers"] = [optimizer.state_dict() for optimizer in optimizers]
            torch.save(state, checkpoint.with_suffix(".partial"))
            checkpoint.with_suffix(".partial").replace(checkpoint)
            average.swap(model)
            parts = {"unet": model.unet, "text_encoder": model.text_encoder}
            write_pipeline(arguments.out, vae=vae, tokenizer=work / "tokenizer", **parts)
            average.swap(model)
            print(f"{saved_at / 60:6.1f} min  step {step}  wrote {arguments.out}", flush=True)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=90)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--out", type=Path, default=WORK / "demo-scenes")
    parser.add_argument("--vae", default="vae", help="the autoencoder's folder in the work folder")
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--average", type=float, default=0.998, help="decay of the averaged weights")
    parser.add_argument("--batch", type=int, default=40, help="128x128 pictures a step, or as many pixels")
    parser.add_argument("--tail", type=float, default=0.5, help="share of the time in which the rate falls")
    parser.add_argument("--first", type=int, default=2000, help="frames encoded before the first step")
    parser.add_argument("--encode", type=int, default=6, help="frames encoded before each step")
    parser.add_argument("--every", type=float, default=5, help="minutes between checkpoints")
    parser.add_argument("--workers", type=int, default=torch.get_num_threads(), help="processes that train")
    parser.add_argument("--threads", type=int, default=1, help="threads of each process")
    arguments = parser.parse_args()
    if arguments.workers == 1:
        arguments.meeting = arguments.work
        train(0, arguments)
        return
    with tempfile.TemporaryDirectory() as folder:
        arguments.meeting = Path(folder) / "meeting"
        torch.multiprocessing.spawn(train, (arguments,), arguments.workers)


if __name__ == "__main__":
    main()
