"""The worker's one open pipeline: kept for the next job of the same model, device and precision."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from runtime.manifest import MANIFEST_NAME
from runtime.model_files import INDEX_NAME
from runtime.model_folder import ModelFolder
from runtime.pipeline import Pipeline, open_pipeline
from runtime.request import Request


class KeptPipeline:
    """Opens a model, or gives the one that is open; an older one is closed before another takes memory."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._key: tuple[Any, ...] | None = None
        self._pipeline: Pipeline | None = None

    def open(
        self,
        model: ModelFolder,
        device: str,
        precision: str | None,
        request: Request,
        on_phase: Callable[[str], None],
    ) -> Pipeline:
        """Return the pipeline; raises what open_pipeline raises."""
        key = (*_state(model.path), device.strip().lower(), precision)
        if self._pipeline is None or key != self._key:
            self.close()
            on_phase("loading")
            self._pipeline = open_pipeline(
                model.path,
                device=device,
                data_dir=self._data,
                execution_precision=precision,
                request=request,
                on_phase=on_phase,
            )
            self._key = key
        return self._pipeline

    def close(self) -> None:
        """Give back its memory and devices."""
        if self._pipeline is not None:
            pipeline, self._pipeline = self._pipeline, None
            pipeline.close()


def _state(folder: Path) -> tuple[Any, ...]:
    """What tells a model from another that took its place under the same name."""
    state: list[Any] = [folder.resolve()]
    for name in (INDEX_NAME, MANIFEST_NAME):
        with suppress(OSError):  # a folder of another program has no manifest
            found = (folder / name).stat()
            state += [found.st_ino, found.st_size, found.st_mtime_ns]
    return tuple(state)
