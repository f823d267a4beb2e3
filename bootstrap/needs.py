"""Which group of requirements a command line needs."""

from __future__ import annotations

import os

# A group is the requirement files it takes, in order: requirements/NAME.txt.
GROUPS = {
    "runtime": ("runtime",),
    "page": ("runtime", "page"),
    "quantize": ("runtime", "quantize"),
    "optimize": ("runtime", "optimize"),
    "benchmark": ("runtime", "optimize", "benchmark"),
    "dev": ("runtime", "page", "optimize", "benchmark", "dev"),
}
COMMAND_GROUPS = {
    "page": "page",
    "generate": "runtime",
    "models": "runtime",
    "devices": "runtime",
    "benchmark": "benchmark",
    "optimize": "optimize",
    "test": "dev",
}
# What the word after `benchmark` needs, where it is one of these.
BENCHMARK_GROUPS = {
    "report": "runtime",
    "compare": "runtime",
    "import": "runtime",
    "export": "runtime",
    "unet": "runtime",
    "parts": "dev",
}
# Options of `optimize` that take a value: not the source.
OPTIMIZE_OPTIONS = (
    "--name",
    "--precision",
    "--data-dir",
    "--revision",
    "--variant",
    "--token-file",
    "--vae",
    "--prediction-type",
    "--config",
)
DEFAULT_COMMAND = "page"
HELP = ("-h", "--help", "help")
PYTORCH_DEVICES = ("pytorch", "cuda", "mps", "ipex")
TORCH_INDEX = "--torch-index"
QUANTIZED = ("int8", "int8-weights")
UNET = ("unet", "openvino_model.xml")


class UsageFault(Exception):
    """The command line cannot be read; the text is one sentence with the remedy."""


def group_for(arguments: list[str]) -> str | None:
    """Return the group the command line needs; None where it runs without packages (the overview)."""
    command = arguments[0] if arguments else DEFAULT_COMMAND
    if command.startswith("-") and command not in HELP:
        command = DEFAULT_COMMAND  # its options alone
    group = COMMAND_GROUPS.get(command)
    if group and ("-h" in arguments or "--help" in arguments):
        return "runtime"
    if command == "optimize":
        group = _optimize_group(arguments[1:])
    if command == "benchmark":
        group = _benchmark_group(arguments[1:])
    if command == "optimize" and _quantizes_ir(arguments[1:]):
        return "quantize"
    if group == "runtime" and any(_runs_on_pytorch(value) for value in _values("--device", arguments)):
        return "optimize"
    return group


def _optimize_group(arguments: list[str]) -> str:
    """The group of what follows `optimize`: what is on this disk is converted, and that takes PyTorch.

    Anything else is an id of the Hub, or a mistake. Whether PyTorch is needed is not known before the Hub is
    asked, and fetching takes none; the command starts launch.py again with the folder it fetched.
    """
    values = {i + 1 for i, argument in enumerate(arguments) if argument in OPTIMIZE_OPTIONS}
    given = [argument for i, argument in enumerate(arguments) if i not in values and argument[:1] != "-"]
    return "optimize" if any(os.path.exists(argument) for argument in given) else "runtime"


def _quantizes_ir(arguments: list[str]) -> bool:
    """Whether a model folder, which OpenVINO alone reads, is to become int8: that takes no PyTorch."""
    precision = (_values("--precision", arguments) or [""])[-1]
    names = [name for name in arguments if not name.startswith("-")]
    return precision in QUANTIZED and any(os.path.isfile(os.path.join(name, *UNET)) for name in names)


def _benchmark_group(arguments: list[str]) -> str:
    """The group of what follows `benchmark`: a model that is there, without peers, needs OpenVINO alone."""
    if arguments and arguments[0] in BENCHMARK_GROUPS:
        return BENCHMARK_GROUPS[arguments[0]]
    has_no_peers = _values("--peers", arguments)[-1:] == ["none"]
    return "runtime" if has_no_peers and _values("--model", arguments) else "benchmark"


def take_torch_index(arguments: list[str]) -> tuple[list[str], str | None]:
    """Split `--torch-index URL` off, wherever it stands: (the other arguments, URL or None)."""
    urls = _values(TORCH_INDEX, arguments)
    rest, skip = [], False
    for argument in arguments:
        if skip:
            skip = False
        elif argument == TORCH_INDEX:
            skip = True
        elif not argument.startswith(TORCH_INDEX + "="):
            rest.append(argument)
    if skip or "" in urls:
        raise UsageFault(
            f"{TORCH_INDEX} needs the address of a package index, got none: "
            f"try {TORCH_INDEX} https://download.pytorch.org/whl/cpu"
        )
    return rest, urls[-1] if urls else None


def _values(option: str, arguments: list[str]) -> list[str]:
    """Every value given to `option`, as `--option VALUE` or `--option=VALUE`."""
    separate = [arguments[i + 1] for i, name in enumerate(arguments[:-1]) if name == option]
    return separate + [name[len(option) + 1 :] for name in arguments if name.startswith(option + "=")]


def _runs_on_pytorch(placement: str) -> bool:
    """Whether a device or a placement ("unet=cuda,vae_decoder=cpu") names a PyTorch device."""
    words = placement.lower().replace("=", ",").replace("+", ",").split(",")
    return any(word.strip().startswith(PYTORCH_DEVICES) for word in words)
