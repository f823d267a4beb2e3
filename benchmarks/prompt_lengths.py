"""How long a person waits when the length of the prompt changes, between a short and a long one, ten times.

    python -m benchmarks.prompt_lengths [--model NAME|DIR] [--switches 10] [--execution-precision bf16]

The wait is what passes from asking to the first step: reading the prompt, encoding it, compiling.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime import TextToImage, open_pipeline
from runtime.errors import LapdrawError

LENGTHS = (20, 300)  # tokens


@dataclass(frozen=True, kw_only=True)
class Switch:
    """One picture: tokens of its prompt, seconds until its first step began, seconds of its last step."""

    tokens: int
    wait: float
    step: float


def measure(
    model: str | Path, switches: int, precision: str | None = None, side: int | None = None
) -> Iterator[Switch]:
    """Yield a switch after the other, the short prompt first; every prompt is another one."""
    with open_pipeline(model, device="cpu", execution_precision=precision, cache=False) as pipeline:
        tokenizer = pipeline.tokenizers[0]
        for number in range(2 * switches):
            tokens = LENGTHS[number % 2]
            prompt = _prompt(tokenizer.words, tokens, number)
            begun: list[float] = []

            def hear(phase: str, begun: list[float] = begun) -> None:
                if phase == "denoising":
                    begun.append(time.perf_counter())

            asked = time.perf_counter()
            request = TextToImage(prompt=prompt, seed=number, num_inference_steps=2, width=side, height=side)
            generation = pipeline.generate(request, on_phase=hear)
            steps = iter(generation)
            next(steps)
            next(steps)
            yield Switch(tokens=tokens, wait=begun[0] - asked, step=generation.timings.steps[-1])
            generation.cancel()
            generation.result()  # without a picture: decoding is the same for every length


def _prompt(words: Callable[[str], Sequence[int]], tokens: int, number: int) -> str:
    """Return a prompt of so many tokens, another one for each number."""
    text = f"picture {number}"
    while len(words(text)) < tokens:
        text += " house"
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line a switch, and the longest wait after the first of each length."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prompt_lengths")
    parser.add_argument("--model", default="demo-scenes", metavar="NAME|DIR")
    parser.add_argument("--switches", type=int, default=10, metavar="N")
    parser.add_argument("--execution-precision", choices=("f32", "bf16"))
    parser.add_argument("--side", type=int, metavar="PIXELS")
    options = parser.parse_args(arguments)
    found = []
    try:
        for switch in measure(options.model, options.switches, options.execution_precision, options.side):
            print(
                f"{switch.tokens} tokens: {switch.wait:.2f} s to the first step, {switch.step:.2f} s a step"
            )
            found.append(switch)
    except LapdrawError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"longest wait after the first of each length: {max(switch.wait for switch in found[2:]):.2f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
