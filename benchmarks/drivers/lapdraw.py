"""Our runtime, on OpenVINO and on PyTorch devices, started like `launch.py generate`.

Options: `guidance` (batch, sequential, parallel); on PyTorch devices `channels_last`, `compile` and `ipex`.
"""

import sys
from typing import Any

import numpy as np

from benchmarks.drivers.answer import Answer, run_driver
from benchmarks.drivers.clock import Clock
from benchmarks.drivers.job import CannotRun, Job
from benchmarks.drivers.pytorch_options import TUNING, chosen_tuning, keep_compiled, packages


def make(job: Job, clock: Clock) -> Answer:
    """Make the picture; what `generate` imports while the networks compile is imported then here too."""
    job.allow("guidance", *TUNING)
    sys.modules.setdefault("openvino.tools.ovc", None)  # type: ignore[arg-type]  # as `launch.py` does
    from runtime import LapdrawError, TextToImage, open_pipeline
    from runtime.placement import names_pytorch

    pytorch = names_pytorch(job.device)
    if pytorch:
        keep_compiled(job)
        _import_pytorch()
    else:
        import runtime.backends.openvino  # noqa: F401  # opening would import it: the mark says what that costs
    clock.imported()
    request = TextToImage(
        prompt=job.prompt,
        negative_prompt=job.negative_prompt,
        seed=job.seed,
        num_inference_steps=job.steps,
        guidance_scale=job.guidance_scale,
        sampler="DDIM",
        width=job.width,
        height=job.height,
        safety_checker=False,  # as the peers
    )

    def on_phase(phase: str) -> None:
        if phase == "encoding the prompt":
            clock.ready()

    try:
        with open_pipeline(
            _model(job, pytorch),
            device=job.device,
            data_dir=job.cache,
            execution_precision=job.precision if pytorch or job.device == "cpu" else None,  # else per device
            guidance=job.options.get("guidance"),
            tuning=chosen_tuning(job),
        ) as pipeline:
            pipeline.prepare(request)
            _check_latents(job)
            generation = pipeline.generate(request, on_phase=on_phase)
            for _ in generation:
                clock.step()
            result = generation.result()
            picture = np.asarray(result.images[0])
            clock.decoded()
            kernels = pipeline.kernels("unet")
    except LapdrawError as error:
        raise CannotRun(str(error)) from error
    timings = result.timings.as_dict()
    return Answer(
        picture=picture,
        placement={
            name: {"device": executed.device, "name": executed.name, "precision": executed.precision}
            for name, executed in result.placement.items()
        },
        packages=packages(job) if pytorch else ("openvino", "numpy"),
        components={
            "read": timings["read"],
            "compile": timings["compile"],
            "from_cache": timings["compiled_from_cache"],
        },
        loop_overhead=timings["loop_overhead"],
        unet_seconds=timings["unet"],
        unet_calls=timings["unet_calls"],
        kernels=kernels,
        warnings=result.warnings,
    )


def _model(job: Job, pytorch: bool) -> Any:
    if not pytorch:
        return job.model
    if job.source is None:
        raise CannotRun("PyTorch devices need the source weights: the job names no source")
    return job.source


def _import_pytorch() -> None:
    from runtime import SetupError

    try:
        import runtime.backends.pytorch  # noqa: F401
    except SetupError as error:
        raise CannotRun(str(error)) from error


def _check_latents(job: Job) -> None:
    """Our runtime draws its noise itself; it must be what the others are given."""
    from runtime.noise import NoiseSource

    given = job.initial_latents()
    drawn = NoiseSource(job.seed).standard_normal(given.shape)
    if not np.allclose(drawn, given, rtol=0, atol=1e-6):  # NumPy's own rounding differs between CPUs
        raise CannotRun(f"{job.latents} is not the noise of seed {job.seed}, which our runtime starts from")


if __name__ == "__main__":
    run_driver(make)
