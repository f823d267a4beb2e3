"""Gives way, step by step, when a PyTorch device has no memory left, and tells what was done."""

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import torch
from diffusers.models.attention_processor import Attention

from runtime.backends.base import Device
from runtime.errors import DeviceError

T = TypeVar("T")
# Of RuntimeErrors: CUDA's and MPS's, those of CUDA's libraries, and the CPU's on Linux and on Windows.
_SIGNS = (
    *("out of memory", "Invalid buffer size", "ALLOC_FAILED"),
    *("can't allocate memory", "not enough memory"),
)


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether PyTorch failed for lack of memory; only CUDA has an exception of its own for that."""
    return isinstance(error, torch.OutOfMemoryError) or any(sign in str(error) for sign in _SIGNS)


class MemoryKeeper:
    """Runs components, in `modules` by name; what it does for lack of memory lasts, and is in `warnings`.

    In this order: components that are not running leave the GPU, to come back when they are called; rows of
    a batch run one by one; attention is computed in slices, and the VAE in tiles.
    """

    def __init__(self, modules: dict[str, Any], device_of: Callable[[str], Device]) -> None:
        self.warnings: list[str] = []
        self._modules = modules
        self._device_of = device_of
        self._away: set[str] = set()
        self._by_rows: set[str] = set()
        self._sliced: set[str] = set()

    def run(self, component: str, forward: Callable[[], T], rows: int = 1) -> T:
        """Return what `forward` does with a batch of `rows`, tried again after every measure.

        Raises DeviceError, naming device, component and remedy, when memory is short after all of them, and
        when a GPU fails in another way.
        """
        while True:
            try:
                self._bring_back(component)
                return forward()
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    self._raise_failure(component, error)
                failure = error.with_traceback(None)  # its frames hold the tensors of the attempt
            if not (
                self._move_others_off(component)
                or (rows > 1 and self._take_rows_apart(component))
                or self._slice(component)
            ):
                device = self._device_of(component)
                slices = " even in slices" if component in self._modules else ""
                elsewhere = f"run it on the CPU (--device {component}=pytorch-cpu)"
                remedy = "close other programs" if device.native == "cpu" else elsewhere
                raise DeviceError(
                    f"{device.name} ({device.id}) has too little memory for the {component}{slices}: "
                    f"make a smaller picture, or {remedy}"
                ) from failure
            del failure
            self._empty_cache(component)

    def forget(self, component: str) -> None:
        """Its network was let go: what was done to it does not hold for the next one."""
        for done in (self._away, self._by_rows, self._sliced):
            done.discard(component)

    def runs_by_rows(self, component: str) -> bool:
        """Whether the rows of a batch are to be run one by one."""
        return component in self._by_rows

    def _raise_failure(self, component: str, error: RuntimeError) -> NoReturn:
        """Name the GPU that failed; on a CPU, or where torch.compile gave up, it is not the device."""
        device = self._device_of(component)
        if device.native == "cpu" or isinstance(error, torch._dynamo.exc.TorchDynamoException):
            raise error
        reason = str(error).strip().partition("\n")[0][:160]
        raise DeviceError(
            f"{device.name} ({device.id}) failed while running the {component} ({reason}): "
            f"update its driver, or run it on the CPU (--device {component}=pytorch-cpu)"
        ) from error

    def _bring_back(self, component: str) -> None:
        if component in self._away:
            self._modules[component].to(self._device_of(component).native)
            self._away.discard(component)

    def _move_others_off(self, component: str) -> bool:
        native = self._device_of(component).native
        others = [
            name
            for name in self._modules
            if name != component
            and name not in self._away
            and self._device_of(name).native == native != "cpu"
        ]
        for name in others:
            self._modules[name].to("cpu")
            self._away.add(name)
            self._say(name, f"moved to the CPU while it is not running, for lack of memory on {native}")
        return bool(others)

    def _take_rows_apart(self, component: str) -> bool:
        if component not in self._modules or component in self._by_rows:
            return False
        self._by_rows.add(component)
        self._say(component, "its batch is run row by row, for lack of memory")
        return True

    def _slice(self, component: str) -> bool:
        network = self._modules.get(component)
        if component in self._sliced or network is None:
            return False
        self._sliced.add(component)
        attentions = [part for part in network.modules() if isinstance(part, Attention)]
        for attention in attentions:
            attention.set_attention_slice(1)
        tiled = hasattr(network, "enable_tiling")
        if tiled:
            network.enable_tiling()
        if attentions:
            self._say(component, "its attention is computed in slices, for lack of memory")
        if tiled:
            self._say(component, "it works in tiles, for lack of memory: large pictures may differ slightly")
        return tiled or bool(attentions)

    def _say(self, component: str, what: str) -> None:
        sentence = f"{component} on {self._device_of(component).id}: {what}"
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def _empty_cache(self, component: str) -> None:
        kind = self._device_of(component).native.split(":")[0]
        if kind == "cuda":
            torch.cuda.empty_cache()
        elif kind == "mps":
            torch.mps.empty_cache()
