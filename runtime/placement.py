"""Which component runs where: the device names people type, resolved against the devices that are there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runtime.backends.base import Device
from runtime.errors import DeviceError, InvalidRequest

COMPONENTS = ("text_encoder", "unet", "vae_decoder", "vae_encoder", "depth_estimator")
PYTORCH_DEVICES = ("pytorch-cpu", "cuda", "mps")
MIXES: Mapping[str, Mapping[str, str]] = {"cpu+igpu": {"unet": "igpu"}}  # the rest goes to the CPU


@dataclass(frozen=True, kw_only=True)
class Placement:
    """A device for every component, all of one backend."""

    devices: Mapping[str, Device]  # component -> device

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

    Components left out go to the CPU. Raises InvalidRequest for a text that cannot be read or that mixes
    libraries, DeviceError, listing the available ones, for a device that is not there.
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
    placed = {component: _find(chosen.get(component, default), devices) for component in COMPONENTS}
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
        if not separator or not device or component not in COMPONENTS:
            raise InvalidRequest(
                f"cannot read {pair.strip()!r} in a placement: write component=device, "
                f"with a component of {', '.join(COMPONENTS)}"
            )
        if component in chosen:
            raise InvalidRequest(f"the placement names {component} twice: keep one of the two")
        chosen[component] = device
    return chosen


def _find(name: str, devices: Sequence[Device]) -> Device:
    for device in devices:
        if device.id == name:
            return device
    available = ", ".join(device.id for device in devices) or "none"
    raise DeviceError(f"device {name!r} is not available here: choose one of {available}")
