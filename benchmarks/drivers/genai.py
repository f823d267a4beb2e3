"""openvino-genai's pipeline, which is C++ throughout, on our IR.

Options: `reshaped` (static shapes before compiling, on unless named: the faster use).
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.drivers.answer import Answer, run_driver
from benchmarks.drivers.clock import Clock
from benchmarks.drivers.job import CannotRun, Job
from benchmarks.drivers.openvino_device import full_name, native_devices


def make(job: Job, clock: Clock) -> Answer:
    """Make the picture; the library tells durations of its own, which are handed on."""
    job.allow("reshaped")
    try:
        import openvino
        import openvino_genai
    except ImportError as error:
        raise CannotRun(f"{error.name} is not installed: run `pip install openvino-genai`") from error
    clock.imported()

    class Given(openvino_genai.Generator):  # type: ignore[misc]  # the library is not typed
        """Hands out the job's latents in place of drawing any."""

        def randn_tensor(self, shape: Any) -> Any:
            if tuple(shape) != latents.shape:
                raise CannotRun(
                    f"openvino-genai asks for latents {tuple(shape)}, the job has {latents.shape}"
                )
            return openvino.Tensor(latents)

    natives = native_devices(job.device)
    config = {"INFERENCE_PRECISION_HINT": job.precision}
    pipeline = _compiled(openvino_genai, job, natives, config)
    clock.ready()
    latents = job.initial_latents()

    def on_step(index: int, total: int, latents: Any) -> bool:
        clock.step()
        return False  # go on

    image = pipeline.generate(
        job.prompt,
        **({"negative_prompt": job.negative_prompt} if job.is_guided else {}),  # it refuses one without
        num_inference_steps=job.steps,
        guidance_scale=job.guidance_scale,
        width=job.width,
        height=job.height,
        generator=Given(),
        callback=on_step,
    )
    picture = np.array(image.data[0])
    clock.decoded()
    told = pipeline.get_performance_metrics().raw_metrics  # microseconds
    unet_seconds = sum(told.unet_inference_durations) / 1e6
    return Answer(
        picture=picture,
        placement={
            component: {"device": job.device, "name": full_name(native), "precision": job.precision}
            for component, native in natives.items()
        },
        packages=("openvino-genai", "openvino", "numpy"),
        loop_overhead=max(0.0, sum(told.iteration_durations) / 1e6 - unet_seconds),
        unet_seconds=unet_seconds,
        unet_calls=len(told.unet_inference_durations),
        warnings=(
            f"openvino-genai does not tell in which precision it executes: {job.precision} was asked for",
        ),
    )


def _compiled(genai: Any, job: Job, natives: Any, config: dict[str, str]) -> Any:
    """Return the pipeline with DDIM and the model's schedule, compiled."""
    if job.option("reshaped", default=True):
        pipeline = genai.Text2ImagePipeline(str(job.model))
        pipeline.set_scheduler(_scheduler(genai, job))
        pipeline.reshape(1, job.height, job.width, job.guidance_scale)
        pipeline.compile(natives["text_encoder"], natives["unet"], natives["vae_decoder"], **config)
        return pipeline
    if len(set(natives.values())) > 1:
        raise CannotRun(f"openvino-genai takes several devices only when it is reshaped, got {job.device!r}")
    pipeline = genai.Text2ImagePipeline(str(job.model), natives["unet"], **config)
    pipeline.set_scheduler(_scheduler(genai, job))
    return pipeline


def _scheduler(genai: Any, job: Job) -> Any:
    """It reads configurations from files only, and clips the sample unless told not to."""
    folder = job.model / "scheduler"
    config = json.loads((folder / "scheduler_config.json").read_bytes()) | {"clip_sample": False}
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "scheduler_config.json")
        path.write_text(json.dumps(config), encoding="utf-8")
        return genai.Scheduler.from_config(path, genai.Scheduler.Type.DDIM)


if __name__ == "__main__":
    run_driver(make)
