"""What the drivers that run PyTorch share: its options, its versions, where its compiled kernels stay."""

import os

from benchmarks.drivers.job import Job

TUNING = ("channels_last", "compile", "ipex")  # of runtime/backends/pytorch_tuning.py; off unless named


def chosen_tuning(job: Job) -> tuple[str, ...]:
    """Return which of the options are on."""
    return tuple(name for name in TUNING if job.option(name))


def keep_compiled(job: Job) -> None:
    """Let torch.compile keep its kernels in the job's cache, to be found by this row alone.

    A cold sample then compiles and a warm one does not. To be called before torch is imported.
    """
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(job.cache / "inductor")


def packages(job: Job) -> tuple[str, ...]:
    """Return the packages whose versions matter."""
    extension = ("intel-extension-for-pytorch",) if job.option("ipex") else ()
    return ("torch", "diffusers", "transformers", "numpy", *extension)
