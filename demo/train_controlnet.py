"""Trains a ControlNet for the demo model: `python -m demo.train_controlnet --minutes 40 --out DIR`.

It starts from the encoder of the text-to-image UNet (Zhang et al. 2023, arXiv 2302.05543) and learns to
follow the outlines of the scenes; the UNet, the text encoder and the VAE stay as they are.
"""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel
from tokenizers import Tokenizer
from transformers import CLIPTextModel

from demo.captions import random_caption
from demo.export import alphas_bar, put_in_place, save_weights
from demo.noising import noised, snr_weight
from demo.optimizer import Average, Deadline
from demo.renderer import render
from demo.scenes import Scene, random_scenes
from demo.tokenizer import token_ids
from runtime.canny import canny_edges

SEED = 77
SIDE = 128
THRESHOLDS = (100, 200)  # what `--control-kind canny` uses unless it is told otherwise
UNPROMPTED = 0.3  # share of the captions that are left out, so that outlines alone must do


@dataclass(frozen=True, kw_only=True)
class Outlined:
    """Scenes with their latents (n, 4, 16, 16) and outlines (n, 128, 128) bool."""

    scenes: list[Scene]
    latents: torch.Tensor
    outlines: np.ndarray


def outlines_of(picture: np.ndarray) -> np.ndarray:
    """Return (H, W) bool, true on the outlines of a picture (H, W, 3), as the net will be shown them."""
    return canny_edges(picture, *THRESHOLDS)


@torch.no_grad()  # type: ignore[untyped-decorator]
def draw(count: int, seed: int, vae: AutoencoderKL) -> Outlined:
    """Draw scenes, none of those that are kept for measuring, and encode them."""
    scenes = random_scenes(count, seed, keep_out=False)
    latents, outlines = [], []
    for scene in scenes:
        picture = np.asarray(render(scene, SIDE, SIDE).picture)
        pixels = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
        latents.append(vae.encode(pixels).latent_dist.sample() * vae.config.scaling_factor)
        outlines.append(outlines_of(picture))
    return Outlined(scenes=scenes, latents=torch.cat(latents), outlines=np.stack(outlines))


class Teacher:
    """The frozen networks, and the error of a ControlNet beside them."""

    def __init__(self, source: Path) -> None:
        self.unet = UNet2DConditionModel.from_pretrained(
            source, subfolder="unet", torch_dtype=torch.float32
        ).requires_grad_(False)
        self.vae = AutoencoderKL.from_pretrained(
            source, subfolder="vae", torch_dtype=torch.float32
        ).requires_grad_(False)
        text_encoder = CLIPTextModel.from_pretrained(
            source, subfolder="text_encoder", torch_dtype=torch.float32
        )
        self._encode = text_encoder.eval().requires_grad_(False).forward
        self._tokenizer = Tokenizer.from_file(str(source / "tokenizer" / "tokenizer.json"))
        self._alpha_bar = alphas_bar()
        self._weights = snr_weight(self._alpha_bar)

    def loss(
        self, net: ControlNetModel, frames: Outlined, batch: int, rng: np.random.Generator
    ) -> torch.Tensor:
        """Return the weighted squared error of one batch."""
        picked = rng.choice(len(frames.scenes), batch, replace=False)
        captions = [
            "" if rng.random() < UNPROMPTED else random_caption(frames.scenes[number], rng)
            for number in picked
        ]
        ids = torch.from_numpy(token_ids(self._tokenizer, captions))
        with torch.no_grad():
            context = self._encode(ids).last_hidden_state
        timesteps = torch.from_numpy(rng.integers(0, 1000, batch))
        latents = frames.latents[picked]
        given, target = noised(latents, torch.randn_like(latents), timesteps, self._alpha_bar)
        seen = torch.from_numpy(frames.outlines[picked]).float()[:, None].expand(-1, 3, -1, -1)
        down, middle = net(given, timesteps, context, controlnet_cond=seen, return_dict=False)
        predicted = self.unet(
            given,
            timesteps,
            context,
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
        ).sample
        errors = F.mse_loss(predicted, target, reduction="none").mean((1, 2, 3))
        return (errors * self._weights[timesteps]).mean()


def write(net: ControlNetModel, folder: Path, *, half: bool) -> None:
    """Write the diffusers folder, replacing what is there, without paths of this machine."""
    fresh = folder.with_name(f".partial-{folder.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    save_weights(net, fresh, half=half)
    written = fresh / "config.json"
    config = json.loads(written.read_text())
    config.pop("_name_or_path", None)
    written.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    put_in_place(fresh, folder)


def train(arguments: argparse.Namespace) -> None:
    """Train until the time is up, or for `--steps`; the net goes to `--out` every few minutes."""
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    teacher = Teacher(arguments.source)
    net = ControlNetModel.from_unet(teacher.unet).train()
    optimizer = torch.optim.AdamW(net.parameters(), lr=arguments.lr, betas=(0.9, 0.99), weight_decay=1e-4)
    average = Average(net, arguments.average)
    frames = draw(arguments.scenes, SEED, teacher.vae)
    print(
        f"{len(frames.scenes)} scenes, {sum(p.numel() for p in net.parameters()) / 1e6:.1f} M weights",
        flush=True,
    )
    deadline = Deadline(arguments.minutes, tail=arguments.tail, warm_up=100)
    step, elapsed, saved_at, running = 0, 0.0, 0.0, 1.0
    last = arguments.steps or float("inf")
    while elapsed < deadline.total and step < last:
        net.zero_grad(set_to_none=True)
        loss = teacher.loss(net, frames, arguments.batch, rng)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        elapsed = deadline.elapsed
        deadline.apply([optimizer], step, arguments.lr, elapsed)
        optimizer.step()
        average.update(net)
        running += (loss.item() - running) * max(0.01, 1 / (step + 1))
        step += 1
        if step % 50 == 0:
            print(f"{elapsed / 60:6.1f} min  step {step}  loss {running:.4f}", flush=True)
        if elapsed - saved_at > arguments.every * 60 or elapsed >= deadline.total or step == last:
            saved_at = elapsed
            average.swap(net)
            write(net, arguments.out, half=arguments.half)
            average.swap(net)
            print(f"{elapsed / 60:6.1f} min  step {step}  wrote {arguments.out}", flush=True)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--steps", type=int, help="stop after so many, whatever the time")
    parser.add_argument("--source", type=Path, default=Path("demo/sources/demo-scenes"))
    parser.add_argument("--out", type=Path, required=True, help="the diffusers folder to write")
    parser.add_argument("--half", action="store_true", help="write the weights as fp16")
    parser.add_argument("--scenes", type=int, default=4000, help="drawn before the first step")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--average", type=float, default=0.995, help="decay of the averaged weights")
    parser.add_argument("--tail", type=float, default=0.5, help="share of the time in which the rate falls")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--every", type=float, default=5, help="minutes between written nets")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
