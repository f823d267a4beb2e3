"""Makes networks of random weights behave like trained ones: their last layers are fitted, in closed form.

Untaught, a UNet hardly answers to its latents, what it should take away grows with every step, and the
picture comes out clipped to black and white: two of those are alike whatever differs on the way.
"""

from collections.abc import Mapping
from typing import Any

import diffusers
import numpy as np
import torch

RIDGE = 1e-3  # of the mean square of a feature
ROUNDS = 6  # batches of pictures that a layer is fitted on
SPREAD = 0.5  # standard deviation of decoded pixels


def teach(unet: Any, vae: Any | None, scheduler_config: Mapping[str, Any], *, seed: int = 1) -> None:
    """Let the UNet denoise a little, and the VAE's decoder use all greys; the same seed teaches the same."""
    scheduler = diffusers.DDPMScheduler.from_config(dict(scheduler_config))
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        _teach_unet(unet.eval(), scheduler)
        if vae is not None:
            _spread_colours(vae.eval())


def _teach_unet(unet: Any, scheduler: Any) -> None:
    """Fit the last convolution to what the network should say, by least squares over its features."""
    features: list[torch.Tensor] = []
    hook = unet.conv_out.register_forward_pre_hook(lambda _, given: features.append(given[0]))
    rows, targets = [], []
    for _ in range(ROUNDS):
        images, noise = _pictures(unet.config.out_channels), torch.randn(8, unet.config.out_channels, 16, 16)
        timesteps = torch.randint(0, scheduler.config.num_train_timesteps, (8,))
        noisy = scheduler.add_noise(images, noise, timesteps)
        beside = _pictures(unet.config.in_channels - unet.config.out_channels)
        unet(torch.cat([noisy, beside], dim=1), timesteps, **_conditions(unet, timesteps))
        target = noise
        if scheduler.config.prediction_type == "v_prediction":
            target = scheduler.get_velocity(images, noise, timesteps)
        seen = torch.nn.functional.unfold(features.pop(), 3, padding=1)  # (8, 9C, 256)
        rows.append(seen.transpose(1, 2).flatten(0, 1))
        targets.append(target.flatten(2).transpose(1, 2).flatten(0, 1))
    hook.remove()
    x, y = torch.cat(rows).double(), torch.cat(targets).double()
    x = torch.cat([x, torch.ones(len(x), 1)], dim=1)
    square = x.T @ x
    square += RIDGE * square.diagonal().mean() * torch.eye(len(square))
    fitted = torch.linalg.solve(square, x.T @ y).T.float()
    unet.conv_out.weight.copy_(fitted[:, :-1].reshape(unet.conv_out.weight.shape))
    unet.conv_out.bias.copy_(fitted[:, -1])


def _conditions(unet: Any, timesteps: torch.Tensor) -> dict[str, Any]:
    conditions: dict[str, Any] = {}
    if "cross_attention_dim" in unet.config:
        conditions["encoder_hidden_states"] = torch.randn(len(timesteps), 77, unet.config.cross_attention_dim)
    if unet.config.num_class_embeds:
        conditions["class_labels"] = timesteps // 4
    if unet.config.get("time_cond_proj_dim"):
        conditions["timestep_cond"] = torch.randn(len(timesteps), unet.config.time_cond_proj_dim)
    if unet.config.get("addition_embed_type") == "text_time":
        width = unet.config.projection_class_embeddings_input_dim - 6 * unet.config.addition_time_embed_dim
        conditions["added_cond_kwargs"] = {
            "text_embeds": torch.randn(len(timesteps), width),
            "time_ids": torch.randint(0, 1024, (len(timesteps), 6)).float(),
        }
    return conditions


def _pictures(channels: int) -> torch.Tensor:
    """Return (8, C, 16, 16) smooth fields of standard deviation about 1, or pixels of as much."""
    small = torch.randn(8, max(channels, 1), 4, 4)
    return torch.nn.functional.interpolate(small, size=(16, 16), mode="bicubic")[:, :channels]


def _spread_colours(vae: Any) -> None:
    """Scale what the decoder says of ordinary latents to all greys between black and white."""
    pixels = vae.decode(_pictures(vae.config.latent_channels) / vae.config.scaling_factor).sample
    factor = SPREAD / float(np.std(pixels.numpy()))
    vae.decoder.conv_out.weight.mul_(factor)
    vae.decoder.conv_out.bias.copy_(vae.decoder.conv_out.bias * factor - factor * float(pixels.mean()))
