"""optimum-intel's pipeline on our IR: `reshaped` as its documentation advises for speed, or as it comes.

Options: `reshaped` (on unless named).
"""

import time
from typing import Any

import numpy as np

from benchmarks.drivers.answer import Answer, run_driver
from benchmarks.drivers.clock import Clock
from benchmarks.drivers.job import CannotRun, Job
from benchmarks.drivers.openvino_device import COMPONENTS, full_name, native_devices


def make(job: Job, clock: Clock) -> Answer:
    """Make the picture; every network is compiled before `ready`, the VAE encoder too, as it does itself."""
    job.allow("reshaped")
    try:
        import torch
        from diffusers import DDIMScheduler
        from optimum.intel import OVStableDiffusionPipeline
    except ImportError as error:
        raise CannotRun(
            f"{error.name} is not installed: run `pip install -r requirements/optimize.txt`"
        ) from error
    clock.imported()
    natives = set(native_devices(job.device).values())
    if len(natives) > 1:
        raise CannotRun(f"optimum-intel runs everything on one device, got {job.device!r}")
    native = natives.pop()
    config = {"INFERENCE_PRECISION_HINT": job.precision}
    started = time.perf_counter()
    pipeline = OVStableDiffusionPipeline.from_pretrained(
        str(job.model),
        export=False,
        compile=False,
        device=native,
        ov_config=config,
        local_files_only=True,
    )
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config, clip_sample=False)
    pipeline.set_progress_bar_config(disable=True)
    read = time.perf_counter() - started
    if job.option("reshaped", default=True):
        pipeline.reshape(batch_size=1, height=job.height, width=job.width, num_images_per_prompt=1)
    pipeline.compile()
    clock.ready()

    def on_step(pipeline: Any, index: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        clock.step()
        return tensors

    image = pipeline(
        job.prompt,
        negative_prompt=job.negative_prompt,
        num_inference_steps=job.steps,
        guidance_scale=job.guidance_scale,
        width=job.width,
        height=job.height,
        latents=torch.from_numpy(job.initial_latents()),
        callback_on_step_end=on_step,
    ).images[0]
    picture = np.asarray(image)
    clock.decoded()
    from runtime.backends.openvino_kernels import count_kernels

    return Answer(
        picture=picture,
        placement=_placement(job, pipeline, native),
        packages=("optimum-intel", "optimum", "openvino", "diffusers", "transformers", "torch", "numpy"),
        components={"read": {"all": read}},
        kernels=count_kernels(pipeline.unet.request),
    )


def _placement(job: Job, pipeline: Any, native: str) -> dict[str, dict[str, str]]:
    """What executed, read back from the compiled models."""
    from runtime.backends.openvino_compile import PRECISION_NAMES

    name = full_name(native)
    executed = {}
    for component in COMPONENTS:
        hint = getattr(pipeline, component).request.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        executed[component] = {
            "device": job.device,
            "name": name,
            "precision": PRECISION_NAMES.get(hint, hint),
        }
    return executed


if __name__ == "__main__":
    run_driver(make)
