"""Which scheduler of diffusers each sampler of ours is."""

from collections.abc import Mapping
from typing import Any

# Ours -> diffusers' class and what is changed in the model's own configuration.
SAMPLERS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "PNDM": ("PNDMScheduler", {}),
    "DDIM": ("DDIMScheduler", {}),
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler Karras": ("EulerDiscreteScheduler", {"use_karras_sigmas": True}),
    "Euler Trailing": ("EulerDiscreteScheduler", {"timestep_spacing": "trailing"}),
    "LMS": ("LMSDiscreteScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "DPM2": ("KDPM2DiscreteScheduler", {}),
    "DPM++ 2M": ("DPMSolverMultistepScheduler", {}),
    "DPM++ 2M Karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "UniPC": ("UniPCMultistepScheduler", {}),
    "DEIS": ("DEISMultistepScheduler", {}),
}
STOCHASTIC: Mapping[str, tuple[str, dict[str, Any]]] = {
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "Euler a Trailing": ("EulerAncestralDiscreteScheduler", {"timestep_spacing": "trailing"}),
    "DDPM": ("DDPMScheduler", {}),
    "DPM2 a": ("KDPM2AncestralDiscreteScheduler", {}),
    "DPM++ 2M SDE": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "LCM": ("LCMScheduler", {}),
}
# Started half-way, diffusers' PNDM begins within a Runge-Kutta step, and its LMS takes weights of an order
# that it has no history for. We do neither; of PNDM its multistep alone can be compared.
HALF_WAY: Mapping[str, tuple[str, dict[str, Any]]] = {
    **{name: row for name, row in {**SAMPLERS, **STOCHASTIC}.items() if name not in ("PNDM", "LMS")},
    "PLMS": ("PNDMScheduler", {"skip_prk_steps": True}),
}
