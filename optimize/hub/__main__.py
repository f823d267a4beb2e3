"""`python -m optimize.hub ORG/NAME --data DIR ...`: fetch a model from the Hub.

Progress goes to standard error, the result to standard output, as one JSON object a line with --json. Nothing
heavier than OpenVINO is imported.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from optimize.endings import heed_endings
from optimize.export import PRECISIONS
from optimize.hub.client import MANUAL, HubClient
from optimize.hub.fetch import Fetched, Wish, fetched
from optimize.hub.ready import take_ready
from optimize.hub.selection import IR, READY
from optimize.hub.token import find_token
from runtime.errors import HubError, LapdrawError
from runtime.hub_id import VARIANTS
from runtime.quantization import QUANTIZED
from runtime.weight_files import XML_NAME, check_ir_pair

_ON = ("1", "ON", "YES", "TRUE")
_POLL_SECONDS = 0.1


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch one model; return 0, or 2 after a sentence on standard error, or 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="optimize.hub", description="Fetch a model from the Hub.")
    parser.add_argument("repository", help="ORGANISATION/NAME")
    parser.add_argument("--revision", default="main", help="a branch, a tag or a commit")
    parser.add_argument("--variant", choices=VARIANTS, help="which weights, where there are several")
    parser.add_argument("--token-file", type=Path, help="a file that holds the token of an account")
    parser.add_argument("--data", type=Path, required=True, help="the data folder")
    parser.add_argument("--ready", type=Path, required=True, help="where a ready-made model is put")
    parser.add_argument("--converted", type=Path, help="where a model made of what is fetched will be put")
    parser.add_argument("--precision", default="fp16", choices=PRECISIONS + QUANTIZED, help="of that one")
    parser.add_argument("--json", action="store_true", help="progress and result as one JSON object a line")
    parser.add_argument("--end-with-stdin", action="store_true", help="stop when standard input closes")
    options = parser.parse_args(arguments)
    heed_endings(with_stdin=options.end_with_stdin)
    say = _Said(as_json=options.json)
    started = time.monotonic()
    try:
        with ExitStack() as stack:
            found = _in_thread(lambda: stack.enter_context(_fetch(options, say)))
            answer = _answer(found, options, say)
    except LapdrawError as error:
        say.line(error=str(error))
        return 2
    except KeyboardInterrupt:
        say.line(note="interrupted: what was fetched is kept, the same command goes on with it")
        sys.stderr.flush()
        os._exit(130)  # a thread may wait for the network, and must not be waited for
    answer["seconds"] = round(time.monotonic() - started, 1)
    print(json.dumps(answer) if options.json else answer["path"])
    return 0


def _fetch(options: argparse.Namespace, say: "_Said") -> Any:
    environment = os.environ
    if environment.get("HF_HUB_OFFLINE", "").upper() in _ON:
        raise HubError(
            f"HF_HUB_OFFLINE is set, so {options.repository} is not fetched: unset it, or give a "
            f"folder; {MANUAL}"
        )
    from huggingface_hub.constants import HF_HUB_CACHE

    client = HubClient(environment, find_token(options.token_file, environment), note=say.note)
    wish = Wish(
        repository=options.repository,
        revision=options.revision,
        variant=options.variant,
        precision=options.precision,
        data=options.data,
        ready=options.ready,
        converted=options.converted,
    )
    return fetched(wish, client, say.phase, Path(HF_HUB_CACHE))


def _answer(found: Fetched, options: argparse.Namespace, say: "_Said") -> dict[str, Any]:
    """Return what is said of the result, after giving a ready-made model its place."""
    about = {"repository": found.repository.id, "revision": found.repository.commit}
    if found.kind != READY:
        return about | {"kind": found.kind, "path": str(found.folder)}
    if options.precision in QUANTIZED:
        stored = check_ir_pair(found.folder / "unet" / XML_NAME)
        if stored in PRECISIONS:
            return about | {"kind": IR, "path": str(found.folder)}
        say.note(f"{found.repository.id} is stored in {stored}: it is taken as it is")
    say.phase("checking the model", 100, 100)
    folder = take_ready(found, options.ready)
    made = {"path": str(folder.path), "precision": folder.precision, "errors": {}, "notes": []}
    return about | {"kind": found.kind} | made


def _in_thread(work: Callable[[], Fetched]) -> Fetched:
    """Work in a thread, so that waiting for a name or a server can be interrupted at once."""
    future = ThreadPoolExecutor(1).submit(work)
    while not future.done():
        wait([future], timeout=_POLL_SECONDS)
    return future.result()


class _Said:
    """What is told on standard error."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def phase(self, text: str, index: int, total: int) -> None:
        self.line(phase=text, index=index, total=total)

    def note(self, text: str) -> None:
        self.line(note=text)

    def line(self, **message: object) -> None:
        text = json.dumps(message) if self._as_json else str(next(iter(message.values())))
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
