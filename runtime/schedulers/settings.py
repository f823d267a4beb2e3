"""What a sampler reads from a model's `scheduler_config.json`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_origin

from runtime.errors import ModelFolderError

PredictionType = Literal["epsilon", "v_prediction", "sample"]
SigmaSchedule = Literal["uniform", "karras", "exponential", "aligned"]

# Options that diffusers has and we do not, with the only value that can be served.
_SERVED_ONLY: Mapping[str, object] = {
    "thresholding": False,
    "use_beta_sigmas": False,
    "use_lu_lambdas": False,
    "use_flow_sigmas": False,
    "timestep_type": "discrete",
    "interpolation_type": "linear",
    "predict_x0": True,
    "lambda_min_clipped": float("-inf"),
}

_BOUNDS = (
    ("num_train_timesteps", 1, 100_000),
    ("original_inference_steps", 1, 100_000),
    ("steps_offset", 0, 100_000),
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A scheduler configuration; names, meanings and defaults are diffusers'."""

    num_train_timesteps: int = 1000
    beta_start: float = 0.0001
    beta_end: float = 0.02
    beta_schedule: Literal["linear", "scaled_linear", "squaredcos_cap_v2"] = "linear"
    trained_betas: list[float] = field(default_factory=list)  # empty: made from beta_schedule
    rescale_betas_zero_snr: bool = False
    prediction_type: PredictionType = "epsilon"
    timestep_spacing: Literal["linspace", "leading", "trailing"] = "linspace"
    steps_offset: int = 0
    use_karras_sigmas: bool = False
    use_exponential_sigmas: bool = False
    use_aligned_sigmas: bool = False  # ours: "Align Your Steps"
    aligned_for: Literal["sd", "sdxl"] = "sd"  # ours: the family that they are aligned for
    final_sigmas_type: Literal["zero", "sigma_min"] = "zero"
    set_alpha_to_one: bool = True
    clip_sample: bool = False
    clip_sample_range: float = 1.0
    variance_type: Literal["fixed_small", "fixed_small_log", "fixed_large"] = "fixed_small"  # DDPM
    skip_prk_steps: bool = False  # PNDM
    solver_order: Literal[1, 2, 3] = 2  # DPM++ 2M, DEIS, UniPC
    solver_type: Literal["midpoint", "heun", "bh1", "bh2", "logrho"] = "midpoint"
    lower_order_final: bool = True
    euler_at_final: bool = False
    original_inference_steps: int = 50  # LCM
    timestep_scaling: float = 10.0  # LCM

    @classmethod
    def read(cls, config: Mapping[str, Any], defaults: Mapping[str, object]) -> "Settings":
        """Take what `config` says, else what `defaults` says, else the defaults above.

        Raises:
            ModelFolderError: an option has a value that is wrong or that no sampler here can serve.
        """
        said = {name: value for name, value in config.items() if value is not None}
        for name, served in _SERVED_ONLY.items():
            if name in said and said[name] != served:
                raise _fault(name, f"{served!r}, all that is supported", said[name])
        kinds = {each.name: each.type for each in fields(cls)}
        read = {name: _checked(name, kinds[name], said[name]) for name in kinds if name in said}
        return cls(**{**defaults, **read})

    def __post_init__(self) -> None:
        for name, least, most in _BOUNDS:
            if not least <= getattr(self, name) <= most:
                raise _fault(name, f"between {least} and {most}", getattr(self, name))
        for beta in self.trained_betas or (self.beta_start, self.beta_end):
            if not 0 < beta < 1:
                raise _fault("a beta", "above 0 and below 1", beta)
        if self.trained_betas and len(self.trained_betas) != self.num_train_timesteps:
            raise _fault("trained_betas", f"{self.num_train_timesteps} numbers", len(self.trained_betas))

    @property
    def sigma_schedule(self) -> SigmaSchedule:
        """Return how the noise levels between the first and the last are spread."""
        if self.use_aligned_sigmas:
            return "aligned"
        if self.use_karras_sigmas:
            return "karras"
        return "exponential" if self.use_exponential_sigmas else "uniform"


def _checked(name: str, kind: Any, value: Any) -> Any:
    """Return `value` if it is of `kind`, a type, a Literal or a list of numbers."""
    if get_origin(kind) is Literal:
        wanted, fits = f"one of {', '.join(map(str, get_args(kind)))}", value in get_args(kind)
    elif get_origin(kind) is list:
        wanted, fits = "a list of numbers", isinstance(value, list) and all(map(_is_number, value))
    elif kind is float:
        wanted, fits = "a number", _is_number(value)
    else:
        wanted, fits = f"of type {kind.__name__}", type(value) is kind
    if not fits:
        raise _fault(name, wanted, value)
    return value


def _fault(name: str, wanted: str, value: object) -> ModelFolderError:
    return ModelFolderError(
        f"scheduler_config.json: {name} must be {wanted}, got {value!r}: fetch the model again or use another"
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
