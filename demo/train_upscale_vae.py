"""Trains the upscaler's picture autoencoder, of factor 4: `python -m demo.train_upscale_vae --minutes 22`."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL

from demo.checkpoint import resumed, save_checkpoint
from demo.optimizer import Average, Deadline, build_optimizers
from demo.train_vae import KL_WEIGHT, WORK, latent_statistics, mean_psnr, picture_loss, to_tensor
from demo.upscale_data import SEED, Pictures

# What diffusers' StableDiffusionUpscalePipeline insists on, whatever the autoencoder's configuration says.
SCALING_FACTOR = 0.08333


def build_vae(widths: tuple[int, ...] = (16, 32, 64)) -> AutoencoderKL:
    """Return an untrained autoencoder of factor 4 with 4 latent channels.

    It has no attention, whose cost at 512x512 would be that of 16,384 tokens, and sees alike at every size.
    """
    levels = len(widths)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=widths,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=128,
        mid_block_add_attention=False,
        scaling_factor=SCALING_FACTOR,
    )


@torch.no_grad()  # type: ignore[untyped-decorator]
def rescale_latents(vae: AutoencoderKL, factor: float) -> None:
    """Multiply the latents by `factor` and divide again before decoding: pictures stay the same.

    Both are 1x1 convolutions at the seam, so nothing is approximated.
    """
    channels = vae.config.latent_channels
    vae.quant_conv.weight[:channels] *= factor
    vae.quant_conv.bias[:channels] *= factor
    vae.quant_conv.bias[channels:] += 2 * math.log(factor)
    vae.post_quant_conv.weight /= factor


def batch(pictures: Pictures, progress: float, rng: np.random.Generator) -> torch.Tensor:
    """Return squares of one size: at first most small, at the end most of 128 pixels and some of 256."""
    whole_share = 0.9 if progress > 0.8 else 0.2 + 0.4 * progress
    size, count = 64, 8 + round(8 * progress)
    if rng.random() < whole_share:
        size, count = (256, 1) if rng.random() < 0.12 else (128, 2 + round(2 * progress))
    return to_tensor(pictures.draw(count, size, rng)[0])


def train(arguments: argparse.Namespace) -> None:
    """Train until the time is up; checkpoints and model go to `<work>/upscale-vae`."""
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(SEED)
    work: Path = arguments.work
    pictures = Pictures(work / "data")
    unseen_rng = np.random.default_rng(SEED)
    unseen = to_tensor(pictures.draw(64, 128, unseen_rng)[0])
    vae = build_vae().to(memory_format=torch.channels_last)
    optimizers = build_optimizers(
        vae, lr=arguments.lr, beta2=0.98, adam_only=("encoder.conv_in", "decoder.conv_out")
    )
    average = Average(vae, 0.998)
    checkpoint = work / "upscale-vae.pt"
    step, elapsed = resumed(checkpoint, vae, average, optimizers)
    deadline = Deadline(arguments.minutes, elapsed=elapsed, tail=0.7)
    rng = np.random.default_rng(SEED + 1 + step)
    saved_at, running, progress = elapsed, 0.0, 0.0
    while progress < 1:
        elapsed = deadline.elapsed
        progress = deadline.progress(elapsed)
        true = batch(pictures, progress, rng).contiguous(memory_format=torch.channels_last)
        posterior = vae.encode(true).latent_dist
        made = vae.decode(posterior.sample()).sample
        kl = 0.5 * (posterior.mean.square() + posterior.var - 1 - posterior.logvar).mean()
        loss = picture_loss(made, true, max(0.0, (progress - 0.5) / 0.5)) + KL_WEIGHT * kl
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        deadline.apply(optimizers, step, arguments.lr, elapsed)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        average.update(vae)
        running += (loss.item() - running) * max(0.02, 1 / (step + 1))
        step += 1
        if deadline.elapsed - saved_at > arguments.every * 60 or progress >= 1:
            saved_at = deadline.elapsed
            average.swap(vae)
            psnr, (std, channels) = mean_psnr(vae, unseen), latent_statistics(vae, unseen)
            average.swap(vae)
            print(
                f"{saved_at / 60:6.1f} min  step {step}  loss {running:.4f}  mean PSNR {psnr:.2f} dB",
                f" latent std {std:.3f} of {[round(c, 2) for c in channels]}  kl {kl.item():.2f}",
                flush=True,
            )
            save_checkpoint(checkpoint, vae, average, optimizers, step=step, elapsed=saved_at)
    average.swap(vae)
    std, _ = latent_statistics(vae, to_tensor(pictures.draw(256, 128, unseen_rng)[0]))
    rescale_latents(vae, 1 / (std * SCALING_FACTOR))
    vae.save_pretrained(work / "upscale-vae")
    report = {"psnr": mean_psnr(vae, unseen), "steps": step, "minutes": deadline.elapsed / 60}
    (work / "upscale-vae.json").write_text(json.dumps(report))
    print(report, flush=True)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=22)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--every", type=float, default=2, help="minutes between checkpoints")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    train(parser.parse_args())


if __name__ == "__main__":
    main()
