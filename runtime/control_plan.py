"""The ControlNets of a request, found and opened: what is loaded of them, and what the loop gets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.arrays import Array
from runtime.backends.base import Components, Conditioning, Shape
from runtime.control import Control, active
from runtime.control_shapes import residual_count
from runtime.controlnet_folder import ControlNetFolder, find_controlnet
from runtime.errors import InvalidRequest
from runtime.known_files import KnownFiles
from runtime.latents import latent_shape
from runtime.model_folder import ModelFolder
from runtime.places import BUNDLED_CONTROLNETS
from runtime.request import Request
from runtime.timings import Timings

if TYPE_CHECKING:
    from runtime.control_run import Controls

TASKS = ("text-to-image", "image-to-image", "inpaint")  # that take ControlNets


@dataclass(frozen=True, kw_only=True)
class ControlPlan:
    """The controls that count, each with its net; without any, nothing here changes anything."""

    controls: tuple[Control, ...] = ()
    folders: tuple[ControlNetFolder, ...] = ()  # one for each control

    @property
    def nets(self) -> tuple[ControlNetFolder, ...]:
        """Each net once, since two controls may share one."""
        return tuple(dict.fromkeys(self.folders))

    def shape(self, shape: Shape) -> Shape:
        """Return what the networks are to be loaded for."""
        return replace(shape, controls=self.nets) if self.nets else shape

    def begin(
        self,
        model: ModelFolder,
        request: Request,
        components: Components,
        timings: Timings,
        check: Callable[[], None],
    ) -> "Controls | None":
        """Draw what the nets see, and return what runs them; `check` is called before each of their runs."""
        if not self.controls:
            return None
        from runtime.control_pictures import condition_of
        from runtime.control_run import Controlling, Controls

        how = getattr(request, "resize", "crop")
        nets = self.nets

        def run(
            number: int, sample: Array, timestep: float, conditioning: Conditioning, picture: Array
        ) -> Array:
            check()
            with timings.add("controlnet"):
                return components.controlnet(number, sample, timestep, conditioning, picture)

        sizes = components.shape
        _, _, height, width = latent_shape(
            sizes.batch, model.latent_channels, sizes.height, sizes.width, model.vae_scale_factor
        )
        return Controls(
            controllings=[
                Controlling(
                    control=control,
                    net=nets.index(folder),
                    picture=condition_of(control, request.size, request.working_size, how),
                )
                for control, folder in zip(self.controls, self.folders, strict=True)
            ],
            run=run,
            count=residual_count(model.config("unet"), height, width),
        )


class ControlShelf:
    """Opens ControlNets by name or folder, each once for as long as a model is open."""

    def __init__(self, model: ModelFolder, data: Path, known_files: KnownFiles) -> None:
        self._model = model
        self._data = data
        self._known_files = known_files
        self._opened: dict[Path, ControlNetFolder] = {}

    def plan(self, request: Request) -> ControlPlan:
        """Return the plan of a request.

        Raises InvalidRequest for a task that takes none and for a net made for another kind of model,
        ModelFolderError for one that is not there or damaged.
        """
        controls = active(request.controls)
        if not controls:
            return ControlPlan()
        check_task(request)
        return ControlPlan(controls=controls, folders=tuple(self._open(control.net) for control in controls))

    def _open(self, net: str) -> ControlNetFolder:
        found = find_controlnet(net, self._data, BUNDLED_CONTROLNETS)
        path = found.path.resolve()
        folder = self._opened.get(path)
        if folder is None or folder.manifest != found.manifest:  # or replaced by another of its name
            folder = self._opened[path] = found
        folder.known_files = self._known_files
        folder.check_fits(self._model)
        return folder


def check_task(request: Request) -> None:
    """Raise InvalidRequest for a request with ControlNets that cannot have any."""
    if request.task not in TASKS:
        raise InvalidRequest(
            f"{request.task} takes no ControlNet, only {', '.join(TASKS)} do: leave --control out"
        )
    if getattr(request, "only_masked", False):
        raise InvalidRequest(
            "a ControlNet sees the whole picture, which --only-masked leaves out: leave out one of the two"
        )


def check_controls(model: ModelFolder, request: Request, data: Path) -> None:
    """Raise what `ControlShelf.plan` does, for a request that is not going to be run now."""
    ControlShelf(model, data, KnownFiles()).plan(request)


def verify_all(nets: Sequence[ControlNetFolder]) -> None:
    """Compare the files of nets with their manifests; raises ModelFolderError for one that differs."""
    for net in nets:
        net.verify()
