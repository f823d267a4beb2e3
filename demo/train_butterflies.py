"""Trains the unconditional model, in pixels: `python -m demo.train_butterflies --minutes 40`."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from diffusers import DDPMScheduler, UNet2DModel

from demo.butterflies import draw, random_butterfly
from demo.checkpoint import resumed, save_checkpoint
from demo.export import put_in_place, save_weights
from demo.optimizer import Average, Deadline, build_optimizers
from demo.train_vae import WORK, to_tensor

SEED, COUNT = 401, 8000
WIDTHS = {64: (24, 48, 96, 128), 32: (48, 96, 128)}  # per side in pixels; both end at 8x8
# Clipped at every step, as pixels are. At the schedule's end nothing is left of the picture: sampling starts
# there ("trailing"), and the network predicts v, which is defined there as noise is not.
SCHEDULER = {
    "beta_schedule": "squaredcos_cap_v2",
    "clip_sample": True,
    "num_train_timesteps": 1000,
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
}


def build_unet(side: int) -> UNet2DModel:
    """Return an untrained UNet for pictures of `side` pixels with attention at 16x16 and 8x8."""
    widths = WIDTHS[side]
    plain = len(widths) - 2
    return UNet2DModel(
        sample_size=side,
        in_channels=3,
        out_channels=3,
        block_out_channels=widths,
        down_block_types=("DownBlock2D",) * plain + ("AttnDownBlock2D",) * 2,
        up_block_types=("AttnUpBlock2D",) * 2 + ("UpBlock2D",) * plain,
        layers_per_block=1,
        attention_head_dim=16,
        norm_num_groups=8,
    )


def butterflies(folder: Path, side: int) -> np.ndarray:
    """Return pictures (COUNT, side, side, 3) uint8, from `folder` if an earlier run left them there."""
    path = folder / f"butterflies-{side}-{COUNT}-{SEED}.npy"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(SEED)
        pictures = np.stack([np.asarray(draw(random_butterfly(rng), side)) for _ in range(COUNT)])
        np.save(path.with_suffix(".partial.npy"), pictures)
        path.with_suffix(".partial.npy").replace(path)
    return np.asarray(np.load(path))


def write_model(folder: Path, unet: UNet2DModel, *, half: bool) -> None:
    """Write a DDPMPipeline folder, replacing what is there."""
    import diffusers

    fresh = folder.with_name(f".partial-{folder.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    save_weights(unet, fresh / "unet", half=half)
    DDPMScheduler(**SCHEDULER).save_pretrained(fresh / "scheduler")
    listing = {
        "_class_name": "DDPMPipeline",
        "_diffusers_version": diffusers.__version__,
        "scheduler": ["diffusers", "DDPMScheduler"],
        "unet": ["diffusers", "UNet2DModel"],
    }
    (fresh / "model_index.json").write_text(json.dumps(listing, indent=2) + "\n")
    put_in_place(fresh, folder)


def loss_of(
    unet: torch.nn.Module, pictures: np.ndarray, alpha_bar: torch.Tensor, rng: np.random.Generator
) -> torch.Tensor:
    """Return a batch's squared error of v (Salimans and Ho 2022, arXiv 2202.00512), timesteps stratified.

    Half the pictures are mirrored: a butterfly's mirror image is as likely as the butterfly.
    """
    clean = to_tensor(np.stack([p[:, ::-1] if rng.random() < 0.5 else p for p in pictures]))
    count = len(clean)
    strata = (rng.permutation(count) + rng.random(count)) / count
    timesteps = torch.from_numpy((strata * 1000).astype(np.int64))
    a = alpha_bar[timesteps].view(-1, 1, 1, 1)
    noise = torch.randn_like(clean)
    sample = (a.sqrt() * clean + (1 - a).sqrt() * noise).contiguous(memory_format=torch.channels_last)
    made = unet(sample, timesteps, return_dict=False)[0]
    return (made - (a.sqrt() * noise - (1 - a).sqrt() * clean)).square().mean()


def train(arguments: argparse.Namespace) -> None:
    """Train until the time is up; checkpoints to `<work>/butterflies-*.pt`, the model to `--out`."""
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(SEED)
    pictures = butterflies(arguments.work / "data", arguments.side)
    unet = build_unet(arguments.side).to(memory_format=torch.channels_last)
    optimizers = build_optimizers(unet, lr=arguments.lr, beta2=0.99, adam_only=("conv_in", "conv_out"))
    average = Average(unet, arguments.average)
    checkpoint = arguments.work / f"butterflies-{arguments.side}.pt"
    step, elapsed = resumed(checkpoint, unet, average, optimizers)
    torch.manual_seed(SEED + step)
    rng = np.random.default_rng(SEED + step)
    alpha_bar = DDPMScheduler(**SCHEDULER).alphas_cumprod
    deadline = Deadline(arguments.minutes, elapsed=elapsed, tail=arguments.tail, warm_up=100)
    saved_at, running = elapsed, 1.0
    while elapsed < deadline.total:
        parts = 2 if deadline.progress(elapsed) > 0.85 else 1
        for _ in range(parts):
            picked = rng.integers(len(pictures), size=arguments.batch)
            loss = loss_of(unet, pictures[picked], alpha_bar, rng) / parts
            loss.backward()
            running += (parts * loss.item() - running) * max(0.01, 1 / (step + 1))
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        elapsed = deadline.elapsed
        deadline.apply(optimizers, step, arguments.lr, elapsed)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        average.update(unet)
        step += 1
        if step % 50 == 0:
            print(f"{elapsed / 60:6.1f} min  step {step}  loss {running:.4f}", flush=True)
        if elapsed - saved_at > arguments.every * 60 or elapsed >= deadline.total:
            saved_at = elapsed
            save_checkpoint(checkpoint, unet, average, optimizers, step=step, elapsed=elapsed)
            average.swap(unet)
            write_model(arguments.out, unet, half=False)
            average.swap(unet)
            print(f"{elapsed / 60:6.1f} min  step {step}  wrote {arguments.out}", flush=True)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--out", type=Path, default=WORK / "demo-butterflies")
    parser.add_argument("--side", type=int, choices=WIDTHS, default=64, help="of a picture, in pixels")
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--average", type=float, default=0.997, help="decay of the averaged weights")
    parser.add_argument("--batch", type=int, default=8, help="pictures a step; twice as many at the end")
    parser.add_argument("--tail", type=float, default=0.5, help="share of the time in which the rate falls")
    parser.add_argument("--every", type=float, default=5, help="minutes between checkpoints")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    train(parser.parse_args())


if __name__ == "__main__":
    main()
