"""Which component runs where: the device names people type, resolved against the devices that are there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from runtime.backends.base import Device
from runtime.errors import DeviceError, InvalidRequest

COMPONENTS = ("text_encoder", "unet", "vae_decoder", "vae_encoder", "depth_estimator", "text_encoder_2")
UNCONDITIONAL = "unet_unconditional"  # optional: the device of that half of guidance, beside the other
PRECISIONS = ("f32", "f16", "bf16")
# Both halves of guidance on one device: as a batch of two, one after the other, or two at once on half the
# cores each.
GUIDANCE_MODES = ("batch", "sequential", "parallel")
PYTORCH_DEVICES = ("pytorch-cpu", "cuda", "mps")
MIXES: Mapping[str, Mapping[str, str]] = {"cpu+igpu": {"unet": "igpu"}}  # the rest goes to the CPU


@dataclass(frozen=True, kw_only=True)
class Placement:
    """A device for every component, all of one backend.

    Raises InvalidRequest for a precision, component or guidance mode that does not exist.
    """

    devices: Mapping[str, Device]  # component -> device; UNCONDITIONAL where the halves run on two
    precisions: Mapping[str, str] = field(default_factory=dict)  # what is not named is chosen per device
    guidance: str = "batch"  # of GUIDANCE_MODES; has no effect where UNCONDITIONAL has a device

    def __post_init__(self) -> None:
        for component, precision in self.precisions.items():
            if component not in self.devices:
                raise InvalidRequest(
                    f"a precision is given for {component!r}, which has no device: "
                    f"name one of {', '.join(self.devices)}"
                )
            if precision not in PRECISIONS:
                raise InvalidRequest(
                    f"precision {precision!r} of the {component} does not exist: "
                    f"choose one of {', '.join(PRECISIONS)}"
                )
        if self.guidance not in GUIDANCE_MODES:
            raise InvalidRequest(
                f"guidance {self.guidance!r} does not exist: choose one of {', '.join(GUIDANCE_MODES)}"
            )

    @property
    def backend(self) -> str:
        """The library that runs it: openvino or pytorch."""
        return next(iter(self.devices.values())).backend

    def __str__(self) -> str:
        return ",".join(f"{component}={device.id}" for component, device in self.devices.items())


def names_pytorch(text: str) -> bool:
    """Whether a --device text asks for PyTorch."""
    return any(_is_pytorch(part.split("=")[-1].strip()) for part in text.lower().split(","))


def _is_pytorch(name: str) -> bool:
    return name.split(".")[0].split(":")[0] in PYTORCH_DEVICES


def resolve_placement(text: str, devices: Sequence[Device]) -> Placement:
    """Read `auto`, a device, a mix such as `cpu+igpu`, or `unet=igpu,vae_decoder=cpu` against what is there.

    Components left out go to the CPU, a second text encoder to where the first is.
    `unet=igpu,unet_unconditional=cpu` runs the conditional half of guidance on the first and the other half
    on the second, side by side. Raises InvalidRequest for a text that cannot be read or that mixes libraries,
    DeviceError, listing the available ones, for a device that is not there.
    """
    asked = text.strip().lower()
    if asked == "auto":
        asked = choose_device(devices)
    if asked in MIXES:
        chosen: Mapping[str, str] = MIXES[asked]
    elif "=" in asked:
        chosen = _read_pairs(asked)
    else:
        chosen = dict.fromkeys(COMPONENTS, asked)
    default = "pytorch-cpu" if any(map(_is_pytorch, chosen.values())) else "cpu"
    if "text_encoder" in chosen:
        chosen = {"text_encoder_2": chosen["text_encoder"], **chosen}
    placed = {component: find_device(chosen.get(component, default), devices) for component in COMPONENTS}
    if UNCONDITIONAL in chosen:
        if default == "pytorch-cpu":
            raise InvalidRequest(
                f"device {text!r} splits guidance over two PyTorch devices: "
                f"leave {UNCONDITIONAL} out, or use cpu, igpu, gpu, npu"
            )
        placed[UNCONDITIONAL] = find_device(chosen[UNCONDITIONAL], devices)
    backends = {device.backend for device in placed.values()}
    if len(backends) > 1:
        raise InvalidRequest(
            f"device {text!r} mixes OpenVINO and PyTorch devices: use cpu, igpu, gpu, npu together, "
            "or pytorch-cpu, cuda, mps together"
        )
    return Placement(devices=placed)


def choose_device(devices: Iterable[Device]) -> str:
    """The rule of `auto`: a discrete Intel or CUDA GPU, else CPU with integrated GPU, else the CPU."""
    by_id = {device.id: device for device in reversed(list(devices))}
    for name in ("gpu", "cuda"):
        if name in by_id:
            return name
    if "igpu" in by_id and "cpu" in by_id:
        return "cpu+igpu"
    return "cpu" if "cpu" in by_id else "pytorch-cpu"


def _read_pairs(text: str) -> Mapping[str, str]:
    chosen: dict[str, str] = {}
    for pair in text.split(","):
        component, separator, device = (part.strip() for part in pair.partition("="))
        if not separator or not device or component not in (*COMPONENTS, UNCONDITIONAL):
            raise InvalidRequest(
                f"cannot read {pair.strip()!r} in a placement: write component=device, "
                f"with a component of {', '.join(COMPONENTS)} or {UNCONDITIONAL}"
            )
        if component in chosen:
            raise InvalidRequest(f"the placement names {component} twice: keep one of the two")
        chosen[component] = device
    return chosen


def find_device(name: str, devices: Iterable[Device]) -> Device:
    """Return the device with that id; raises DeviceError, listing those that are there."""
    devices = tuple(devices)
    for device in devices:
        if device.id == name:
            return device
    available = ", ".join(device.id for device in devices) or "none"
    raise DeviceError(f"device {name!r} is not available here: choose one of {available}")
