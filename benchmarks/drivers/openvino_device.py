"""What OpenVINO calls the devices of a job, for the peers that run on it."""

from collections.abc import Mapping

COMPONENTS = ("text_encoder", "unet", "vae_decoder")


def native_devices(text: str) -> Mapping[str, str]:
    """Return component -> OpenVINO device of a --device text; raises CannotRun for one that is not there.

    The CPU needs no listing, and must not: the peers would pay for our import.
    """
    if text == "cpu":
        return dict.fromkeys(COMPONENTS, "CPU")
    from benchmarks.drivers.job import CannotRun
    from runtime import LapdrawError, list_devices
    from runtime.placement import resolve_placement

    try:
        placement = resolve_placement(text, list_devices(pytorch=False))
    except LapdrawError as error:
        raise CannotRun(str(error)) from error
    return {component: placement.devices[component].native for component in COMPONENTS}


def full_name(native: str) -> str:
    """Return the full name of a device."""
    import openvino

    return str(openvino.Core().get_property(native, "FULL_DEVICE_NAME"))
