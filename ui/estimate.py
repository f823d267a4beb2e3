"""How long pictures will take, told from those that were made before on the same model and device."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runtime.errors import InvalidRequest
from runtime.request import Request
from runtime.schedulers.tables import find_sampler
from runtime.speed import EXACT, forwards_of, parts_of, plan_steps

if TYPE_CHECKING:
    from ui.jobs import Job


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds for a pixel of a picture: of one call of the UNet, and of everything but the steps."""

    call: float
    rest: float

    def seconds(self, requests: Sequence[Request], own: tuple[int, int]) -> float:
        """Return how long requests take together; `own` is the size of those that give none."""
        return sum(self._seconds(request, own) for request in requests)

    def _seconds(self, request: Request, own: tuple[int, int]) -> float:
        pixels = (request.width or own[0]) * (request.height or own[1])
        calls = request.steps * _evaluations(request.sampler) * forwards_of(request.plan)
        return request.count * pixels * (calls * self.call + self.rest)


def measured_pace(jobs: Iterable["Job"], model: str, device: str) -> Pace | None:
    """Return the pace of the newest finished job on this model and device; None when there is none.

    `jobs` are the newest first. Loading and compiling are left out: they are not there again.
    """
    for job in jobs:
        body = job.spec.body
        if job.spec.kind == "pictures" and body.get("model") == model and body.get("device") == device:
            for result in job.results:
                pace = _pace(result)
                if pace is not None:
                    return pace
    return None


def _pace(result: Mapping[str, Any]) -> Pace | None:
    """Return the pace that the description of a finished request tells."""
    request, timings = result.get("request"), result.get("timings")
    if not isinstance(request, Mapping) or not isinstance(timings, Mapping):
        return None
    try:
        count = len(result["images"])
        pixels = count * request["width"] * request["height"]
        evaluations = float(timings.get("evaluations_per_step", 1.0))
        steps = request["num_inference_steps"]
        told = (request.get("speed", EXACT), request.get("reuse"), request.get("guidance_interval"))
        parts = parts_of(*told, steps=steps)
        plan = plan_steps(steps, parts, guided=request["guidance_scale"] > 1)
        calls = len(plan) * evaluations * forwards_of(plan)
        steps = float(sum(timings["steps"]))
        rest = sum(float(timings.get(name, 0.0)) for name in ("text_encoder", "vae_decoder", "save"))
        return Pace(call=steps / (pixels * calls), rest=rest / pixels)
    except (KeyError, TypeError, ValueError, ZeroDivisionError, InvalidRequest):  # of another version
        return None


def _evaluations(sampler: str | None) -> int:
    try:
        return find_sampler(sampler)[0].evaluations_per_step if sampler else 1
    except InvalidRequest:
        return 1
