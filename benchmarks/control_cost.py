"""What a ControlNet costs a step, beside its arithmetic: `python -m benchmarks.control_cost --net DIR`.

A guided call of the plain UNet, of the UNet that takes residuals, and of the net, in turn, round after round.
`--model` is the model whose UNet it is (by default the sd15 skeleton of the data folder), `--net` an OpenVINO
ControlNet made for it: of random weights when `--write-net` made its source, since what is in them costs
nothing.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.skeleton import write_controlnet
from benchmarks.work import gflop
from runtime.backends.base import Conditioning, Shape
from runtime.backends.openvino import OpenVinoBackend
from runtime.control_shapes import RESIDUALS, residual_count
from runtime.controlnet_folder import COMPONENT, ControlNetFolder
from runtime.devices import list_devices
from runtime.model_folder import ModelFolder
from runtime.placement import resolve_placement
from runtime.places import data_folder

Call = Callable[[], object]


def measure(model: ModelFolder, net: ControlNetFolder, size: int, rounds: int) -> dict[str, float]:
    """Return the median seconds of each call, and the share that arithmetic gives."""
    plain = Shape(batch=1, height=size, width=size)
    controlled = Shape(batch=1, height=size, width=size, controls=(net,))
    placement = resolve_placement("cpu", list_devices(pytorch=False))
    draw, config = np.random.default_rng(0), model.config("unet")
    side = size // model.vae_scale_factor
    sample = draw.standard_normal((2, model.unet_in_channels, side, side), dtype=np.float32)
    hidden = draw.standard_normal((2, 77, int(config["cross_attention_dim"])), dtype=np.float32)
    picture = draw.random((1, 3, size, size), dtype=np.float32)
    residuals = draw.standard_normal((2, residual_count(config, side, side)), dtype=np.float32)
    told = Conditioning(encoder_hidden_states=hidden)
    given = Conditioning(encoder_hidden_states=hidden, extra={RESIDUALS: residuals})
    # Two backends: one would let go of a large UNet when the other is asked for.
    with OpenVinoBackend(model, placement) as first, OpenVinoBackend(model, placement) as second:
        one = first.load(plain, ("unet",))
        other = second.load(controlled, ("unet",))
        calls: dict[str, Call] = {
            "unet": lambda: one.unet(sample, 501.0, told),
            "unet with residuals": lambda: other.unet(sample, 501.0, given),
            "controlnet": lambda: other.controlnet(0, sample[:, :4], 501.0, told, picture),
        }
        seconds: dict[str, list[float]] = {name: [] for name in calls}
        for number in range(rounds + 1):
            for name, call in calls.items():
                started = time.perf_counter()
                call()
                if number:  # the first compiles
                    seconds[name].append(time.perf_counter() - started)
    took = {name: median(times) for name, times in seconds.items()}
    work = gflop(net, COMPONENT, controlled, of=model), gflop(model, "unet", plain)
    return took | {
        "step with the net, to one without": (took["unet with residuals"] + took["controlnet"])
        / took["unet"],
        "by arithmetic": 1 + work[0] / work[1],
        "GFLOP of the net": work[0],
        "GFLOP of the unet": work[1],
    }


def main() -> None:
    """Read the command line, measure, print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="its OpenVINO folder")
    parser.add_argument("--net", type=Path, help="the OpenVINO folder of the ControlNet")
    parser.add_argument("--write-net", type=Path, metavar="DIR", help="write a random one's source, and stop")
    parser.add_argument("--size", type=int, help="pixels (the model's own)")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    folder = options.model or data_folder() / "cache" / "skeletons" / "sd15-fp16"
    model = ModelFolder(folder)
    if options.write_net is not None:
        write_controlnet(options.write_net, model.config("unet"))
        print(options.write_net)
        return
    if options.net is None:
        parser.error("give --net, or --write-net to make one")
    net = ControlNetFolder(options.net)
    net.check_fits(model)
    told = measure(model, net, options.size or model.default_width, options.rounds)
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
