"""The demo model as a gated repository of the Hub on loopback, published as others publish theirs."""

import json

from tests.models import DEMO_MODEL
from tests.optimize.hub_server import Hub, Repo

NAME = "maker/demo-ov"
TOKEN = "hf_" + "aToKeNoFnObOdY" * 2


def hub_with_the_demo() -> Hub:
    """Return a Hub that gives it to whoever has the token; it is not served yet."""
    files = {
        path.relative_to(DEMO_MODEL).as_posix(): path.read_bytes()
        for path in DEMO_MODEL.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    index = json.loads(files["model_index.json"])
    files["model_index.json"] = json.dumps({k: v for k, v in index.items() if k != "_manifest"}).encode()
    hub = Hub()
    hub.add(Repo(NAME, files, gated="auto", readers=frozenset({TOKEN})))
    hub.tokens.add(TOKEN)
    return hub
