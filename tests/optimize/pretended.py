"""Stages of a quantization that do none of its work: for tests of what is around them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from optimize.quantize_worker import QuantizeJob

Report = Callable[[str], None]


def never(job: QuantizeJob, report: Report) -> None:
    raise AssertionError(f"{job.stage} was begun")


def pretended(job: QuantizeJob, report: Report) -> None:
    """Do every stage: the UNet stays what it was."""
    if job.stage == "quantize":
        pretend(job)
    if job.stage == "measure":
        pretend_measured(job)


def pretend(job: QuantizeJob) -> None:
    """Leave the files of a stage that "quantizes" by copying."""
    work = Path(job.work)
    (work / "unet").mkdir()
    for name in ("openvino_model.xml", "openvino_model.bin"):
        shutil.copyfile(Path(job.model, "unet", name), work / "unet" / name)
    (work / "quantized.json").write_text('{"kept_in_float": [], "samples": 2}', "utf-8")


def pretend_measured(job: QuantizeJob, unet_error: float = 0.01) -> None:
    measured = {
        "unet_error": unet_error,
        "largest_unet_error": 1,
        "picture_psnr": 40,
        "lowest_psnr": 30,
        "pictures": 1,
        "steps": 2,
        "seconds_before": 2,
        "seconds_after": 1,
    }
    Path(job.work, "measured.json").write_text(json.dumps(measured), "utf-8")
