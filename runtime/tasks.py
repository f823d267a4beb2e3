"""What a model can do: read from the channels its UNet takes, since those decide what it can be shown."""

from typing import TYPE_CHECKING

from runtime.errors import InvalidRequest

if TYPE_CHECKING:
    from runtime.model_folder import ModelFolder

_NEEDS_VAE_ENCODER = {"image-to-image", "inpaint", "outpaint"}


def find_tasks(
    *,
    has_text_encoder: bool,
    has_vae_encoder: bool,
    in_channels: int,
    latent_channels: int,
    num_class_embeds: int | None,
) -> tuple[str, ...]:
    """Return the names of the tasks, the one that the model was made for first; none for an unknown kind.

    The channels beyond the latents are a mask and masked latents (inpaint), a depth map, or a small RGB
    picture with a noise level as the class (upscale), as in diffusers' pipelines.
    """
    beyond = in_channels - latent_channels
    if not has_text_encoder:
        return ("unconditional",) if beyond == 0 else ()
    if beyond == 0:
        tasks: tuple[str, ...] = ("text-to-image", "image-to-image", "inpaint", "outpaint")
    elif beyond == latent_channels + 1:
        tasks = ("inpaint", "outpaint")
    elif beyond == 1:
        tasks = ("depth-to-image",)
    elif beyond == 3 and num_class_embeds:
        tasks = ("upscale",)
    else:
        tasks = ()
    return tuple(task for task in tasks if has_vae_encoder or task not in _NEEDS_VAE_ENCODER)


def require_task(folder: "ModelFolder", task: str) -> None:
    """Raise InvalidRequest, which lists what the model can do, unless `task` is one of that."""
    if task not in folder.tasks:
        raise InvalidRequest(f"{folder.name} cannot do {task}: it can do {', '.join(folder.tasks)}")
