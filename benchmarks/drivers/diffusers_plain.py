"""diffusers' own pipeline on the source weights: the reference that everybody knows, on CPU, CUDA or MPS.

Options: `channels_last`, `compile` (of the UNet) and `ipex`, done as our PyTorch backend does them.
"""

from typing import Any

import numpy as np

from benchmarks.drivers.answer import Answer, run_driver
from benchmarks.drivers.clock import Clock
from benchmarks.drivers.job import CannotRun, Job
from benchmarks.drivers.pytorch_options import TUNING, chosen_tuning, keep_compiled, packages

COMPONENTS = ("text_encoder", "unet", "vae_decoder")


def make(job: Job, clock: Clock) -> Answer:
    """Make the picture as diffusers' documentation shows; all networks in the precision of the job."""
    job.allow(*TUNING)
    if job.source is None:
        raise CannotRun("diffusers needs the source weights: the job names no source")
    keep_compiled(job)
    try:
        import torch
        from diffusers import DDIMScheduler, StableDiffusionPipeline

        if job.option("ipex"):
            import intel_extension_for_pytorch  # noqa: F401  # changes torch
    except ImportError as error:
        raise CannotRun(
            f"{error.name} is not installed: see requirements/optimize.txt and ipex.txt"
        ) from error
    clock.imported()
    device = _device(job)
    dtype = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}[job.precision]
    pipeline = StableDiffusionPipeline.from_pretrained(
        job.source,
        torch_dtype=dtype,
        safety_checker=None,
        requires_safety_checker=False,
        local_files_only=True,
    )
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config, clip_sample=False)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.to(device)
    _tune(pipeline, job, device, dtype)
    _finish(device)
    clock.ready()

    def on_step(pipeline: Any, index: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        _finish(device)
        clock.step()
        return tensors

    image = pipeline(
        job.prompt,
        negative_prompt=job.negative_prompt,
        num_inference_steps=job.steps,
        guidance_scale=job.guidance_scale,
        width=job.width,
        height=job.height,
        latents=torch.from_numpy(job.initial_latents()).to(device, dtype),
        callback_on_step_end=on_step,
    ).images[0]
    picture = np.asarray(image)
    clock.decoded()
    return Answer(
        picture=picture,
        placement=_placement(job, pipeline, device),
        packages=packages(job),
    )


def _device(job: Job) -> str:
    """Return torch's name of the device; raises CannotRun for one that is not there."""
    import torch

    kind = "cpu" if job.device in ("cpu", "pytorch-cpu") else job.device.replace(".", ":")
    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not present.get(kind.split(":")[0], False):
        raise CannotRun(f"PyTorch finds no device {job.device!r} here")
    return kind


def _tune(pipeline: Any, job: Job, device: str, dtype: Any) -> None:
    from runtime import LapdrawError
    from runtime.backends.pytorch_tuning import check_tuning, tune

    chosen = chosen_tuning(job)
    if not chosen:
        return
    try:
        check_tuning(chosen, device, [device])
        for name in ("text_encoder", "unet", "vae"):
            setattr(pipeline, name, tune(name, getattr(pipeline, name).eval(), dtype, chosen))
    except LapdrawError as error:
        raise CannotRun(str(error)) from error
    if "compile" in chosen:
        _compile(pipeline, job, device, dtype)


def _compile(pipeline: Any, job: Job, device: str, dtype: Any) -> None:
    """Compile the UNet by a forward of the right shape: torch.compile itself waits for the first one."""
    import torch

    rows = 2 if job.is_guided else 1
    latents = torch.from_numpy(job.initial_latents()).to(device, dtype)
    tokens = pipeline.tokenizer.model_max_length
    embeddings = torch.zeros(
        rows, tokens, pipeline.unet.config.cross_attention_dim, device=device, dtype=dtype
    )
    pipeline.scheduler.set_timesteps(job.steps, device=device)
    with torch.no_grad():  # as the pipeline calls it: another mode would be compiled anew
        pipeline.unet(
            torch.cat([latents] * rows),
            pipeline.scheduler.timesteps[0],
            encoder_hidden_states=embeddings,
            timestep_cond=None,
            cross_attention_kwargs=None,
            added_cond_kwargs=None,
            return_dict=False,
        )


def _finish(device: str) -> None:
    """Wait for a device that computes while Python goes on."""
    import torch

    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    elif device == "mps":
        torch.mps.synchronize()


def _placement(job: Job, pipeline: Any, device: str) -> dict[str, dict[str, str]]:
    """What executed, read back from the weights."""
    import torch

    from runtime.machine import cpu_name

    if device.startswith("cuda"):
        name = torch.cuda.get_device_name(device)
    elif device == "mps":
        name = "Apple GPU"
    else:
        name = f"{cpu_name()}, {torch.backends.cpu.get_cpu_capability()} kernels"
    names = {torch.float32: "f32", torch.bfloat16: "bf16", torch.float16: "f16"}
    executed = {}
    for component in COMPONENTS:
        network = getattr(pipeline, "vae" if component == "vae_decoder" else component)
        # The last weight: an extension may keep the first ones, of norms and embeddings, wider.
        precision = names[list(network.parameters())[-1].dtype]
        executed[component] = {"device": job.device, "name": name, "precision": precision}
    return executed


if __name__ == "__main__":
    run_driver(make)
