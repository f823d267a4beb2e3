"""What the denoisers of latents are trained on: noised latents, their targets, a weight for each timestep."""

from __future__ import annotations

import torch

PURE_NOISE_FROM = 945  # of 1000 timesteps; see `noised`


def noised(
    latents: torch.Tensor, noise: torch.Tensor, timesteps: torch.Tensor, alpha_bar: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (input, target) of the noise prediction.

    Stable Diffusion's schedule leaves a trace of the picture at its end, from which a network learns to read
    the sky instead of the prompt, though sampling starts at pure noise. So the last timesteps (and some just
    below, where runs of few steps start) get pure noise e as input, and the e' for which that input is
    consistent as the target.
    """
    a = alpha_bar[timesteps].view(-1, 1, 1, 1)
    mixed = a.sqrt() * latents + (1 - a).sqrt() * noise
    consistent = (noise - a.sqrt() * latents) / (1 - a).sqrt()
    below = (timesteps >= 870) & (torch.rand(len(timesteps)) < 0.2)
    pure = ((timesteps >= PURE_NOISE_FROM) | below).view(-1, 1, 1, 1)
    return torch.where(pure, noise, mixed), torch.where(pure, consistent, noise)


def snr_weight(alpha_bar: torch.Tensor) -> torch.Tensor:
    """Return min(SNR, 5) / SNR above 1 (Hang et al. 2023, arXiv 2303.09556) and min(1 / SNR, 8) below."""
    snr = alpha_bar / (1 - alpha_bar)
    return torch.where(snr < 1, (1 / snr).clamp(max=8), snr.clamp(max=5) / snr)
