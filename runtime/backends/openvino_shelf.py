"""What a backend has compiled, or is compiling: kept for the next picture, as far as memory goes."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future

from runtime.backends.compiled_cache import CompiledCache
from runtime.backends.openvino_compile import CompileKey
from runtime.backends.openvino_component import CompiledComponent
from runtime.backends.openvino_kernels import count_kernels
from runtime.backends.openvino_reuse import OUTER

KEPT = 12  # compiled components: those of two shapes


class Shelf(OrderedDict[CompileKey, Future[CompiledComponent]]):
    """Compiled components by what made them so, the one used last at the end."""

    def forget(self, unwanted: Callable[[CompileKey], bool]) -> bool:
        """Free what is not wanted; return whether there was any."""
        keys = [key for key in self if unwanted(key)]
        for key in keys:
            del self[key]
        return bool(keys)

    def trim(self) -> None:
        """Free what was not used for the longest time."""
        while len(self) > KEPT:
            self.popitem(last=False)

    def save(self, cache: CompiledCache) -> None:
        """Give what was newly compiled to the cache."""
        for future in self.values():
            if future.done() and future.exception() is None:
                future.result().save(cache)

    def kernels(self, component: str) -> Mapping[str, int]:
        """Return how many layers of the component run as each kernel; {} where it was not compiled."""
        for key, future in reversed(self.items()):
            if key.component == component and key.part != OUTER:
                return count_kernels(future.result().model)
        return {}
