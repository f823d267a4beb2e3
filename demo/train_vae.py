"""Trains the picture autoencoder: `python -m demo.train_vae --minutes 40`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL

from demo.dataset import Frames, rendered
from demo.optimizer import Average, Deadline, build_optimizers

WORK = Path(__file__).parent / "work"
FRAMES, SEED = 6000, 101
CROP = 64
KL_WEIGHT = 1e-4


def build_vae(widths: tuple[int, ...] = (16, 32, 64, 128)) -> AutoencoderKL:
    """Return an untrained Stable Diffusion autoencoder: factor 8, 4 latent channels, one layer a block."""
    levels = len(widths)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=widths,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=128,
    )


def to_tensor(pictures: np.ndarray) -> torch.Tensor:
    """Return pictures (n, h, w, 3) uint8 as (n, 3, h, w) float32 in -1 to 1."""
    return torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))).float() / 127.5 - 1


def crop(frames: Frames, index: int, rng: np.random.Generator, size: int = CROP) -> np.ndarray:
    """Cut a square of `size` pixels from a frame: about a point of the object or light, or anywhere."""
    height, width = frames.masks.shape[1:]
    y, x = rng.integers(-8, height - size + 9), rng.integers(-8, width - size + 9)
    if rng.random() < 0.65:
        points = np.flatnonzero(frames.masks[index])
        at_y, at_x = divmod(int(points[rng.integers(len(points))]), width)
        y, x = at_y - rng.integers(8, size - 8), at_x - rng.integers(8, size - 8)
    y, x = int(np.clip(y, 0, height - size)), int(np.clip(x, 0, width - size))
    return frames.pictures[index, y : y + size, x : x + size]


def crops(frames: Frames, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return `count` squares of CROP pixels, (count, CROP, CROP, 3) uint8."""
    return np.stack([crop(frames, i, rng) for i in rng.integers(len(frames.masks), size=count)])


def picture_loss(made: torch.Tensor, true: torch.Tensor, squared: float) -> torch.Tensor:
    """Return L1 + 0.5 L1 of neighbours' differences, blended to squared error by `squared` (0 to 1)."""
    error = made - true
    edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    sharp = error.abs().mean() + 0.5 * edges
    return (1 - squared) * sharp + (1 + 9 * squared) * error.square().mean()


@torch.no_grad()  # type: ignore[untyped-decorator]
def mean_psnr(vae: AutoencoderKL, pictures: torch.Tensor) -> float:
    """Return the mean over pictures of the PSNR in dB of encode (mode) and decode."""
    values = []
    for batch in pictures.split(16):
        made = vae.decode(vae.encode(batch).latent_dist.mode()).sample.clamp(-1, 1)
        mse = (made - batch).square().mean((1, 2, 3)) / 4
        values.append(-10 * mse.log10())
    return float(torch.cat(values).mean())


@torch.no_grad()  # type: ignore[untyped-decorator]
def latent_statistics(vae: AutoencoderKL, pictures: torch.Tensor) -> tuple[float, list[float]]:
    """Return the standard deviation of the latents over all channels, and per channel."""
    latents = torch.cat([vae.encode(batch).latent_dist.mode() for batch in pictures.split(16)])
    return float(latents.std()), latents.std((0, 2, 3)).tolist()


def train(arguments: argparse.Namespace) -> None:
    """Train until the time is up; checkpoints to `<work>/vae.pt`, the finished model to `<work>/vae`."""
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(SEED)
    work: Path = arguments.work
    frames = rendered(FRAMES, SEED, keep_out=False, folder=work / "data")
    unseen = to_tensor(
        rendered(256, SEED + 1, keep_out=True, folder=work / "data").pictures[: arguments.unseen]
    )
    checkpoint = work / "vae.pt"
    vae = build_vae(arguments.widths)
    if arguments.start:
        vae = AutoencoderKL.from_pretrained(arguments.start, torch_dtype=torch.float32)
    if arguments.decoder_only:
        vae.encoder.requires_grad_(False)
        vae.quant_conv.requires_grad_(False)
    optimizers = build_optimizers(
        vae, lr=arguments.lr, beta2=0.98, adam_only=("encoder.conv_in", "decoder.conv_out")
    )
    average = Average(vae, 0.998)
    step, elapsed = 0, 0.0
    if checkpoint.exists() and not arguments.start:
        state = torch.load(checkpoint)
        step, elapsed = state["step"], state["elapsed"]
        vae.load_state_dict(state["vae"])
        average.values, average.steps = state["average"], step
        for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
    deadline = Deadline(arguments.minutes, elapsed=elapsed, tail=0.7)
    rng = np.random.default_rng(step + SEED)
    saved_at = deadline.elapsed
    running = 0.0
    progress = 0.0
    while progress < 1:
        elapsed = deadline.elapsed
        progress = deadline.progress(elapsed)
        whole_share = 1.0 if progress > 0.85 else 0.25 + 0.4 * progress
        if rng.random() < whole_share:
            picked = np.sort(rng.integers(len(frames.pictures), size=2 + round(2 * progress)))
            true = to_tensor(frames.pictures[picked])
        else:
            true = to_tensor(crops(frames, 7 + round(7 * progress), rng))
        posterior = vae.encode(true).latent_dist
        made = vae.decode(posterior.mode() if arguments.decoder_only else posterior.sample()).sample
        kl = 0.5 * (posterior.mean.square() + posterior.var - 1 - posterior.logvar).mean()
        loss = picture_loss(made, true, max(0.0, (progress - 0.5) / 0.5)) + KL_WEIGHT * kl
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        deadline.apply(optimizers, step, arguments.lr, elapsed)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        average.update(vae)
        running = 0.98 * running + 0.02 * loss.item() if step else loss.item()
        step += 1
        if deadline.elapsed - saved_at > arguments.every * 60 or progress >= 1:
            saved_at = deadline.elapsed
            average.swap(vae)
            psnr = mean_psnr(vae, unseen)
            std, channels = latent_statistics(vae, unseen)
            average.swap(vae)
            line = f"{saved_at / 60:6.1f} min  step {step}  loss {running:.4f}  unseen {psnr:.2f} dB"
            print(
                line,
                f" latent std {std:.3f} of {[round(c, 2) for c in channels]}  kl {kl.item():.2f}",
                flush=True,
            )
            state = {"step": step, "elapsed": saved_at, "vae": vae.state_dict(), "average": average.values}
            state["optimizers"] = [optimizer.state_dict() for optimizer in optimizers]
            partial_at = checkpoint.with_suffix(".partial")
            torch.save(state, partial_at)
            partial_at.replace(checkpoint)
    average.swap(vae)
    many = to_tensor(frames.pictures[:512])
    if not arguments.decoder_only:
        vae.register_to_config(scaling_factor=1 / latent_statistics(vae, many)[0])
    vae.save_pretrained(work / arguments.name)
    report = {"psnr": mean_psnr(vae, unseen), "steps": step, "minutes": deadline.elapsed / 60}
    (work / f"{arguments.name}.json").write_text(json.dumps(report))
    print(report, flush=True)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--name", default="vae")
    parser.add_argument("--widths", type=int, nargs=4, default=(16, 32, 64, 128))
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--every", type=float, default=3, help="minutes between checkpoints")
    parser.add_argument("--unseen", type=int, default=64, help="frames the PSNR is measured on")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--start", type=Path, help="begin from this trained autoencoder")
    parser.add_argument("--decoder-only", action="store_true", help="keep the encoder and so every latent")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
