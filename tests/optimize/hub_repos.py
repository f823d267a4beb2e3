"""Tiny repositories for the Hub on loopback, and what every fetch from it must have left behind."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub_server import Hub, Repo

from optimize.hub.client import HubClient
from optimize.hub.fetch import Fetched, Wish, fetched
from optimize.hub.patience import Patience
from optimize.hub.token import Token

TOKEN = "hf_" + hashlib.sha256(b"a token of nobody").hexdigest()[:34]
OURS = ("hub.json", "manifest.json", "lock")  # names of our own files among those of a model
NAME = "somebody/painter"
UNET = "unet/diffusion_pytorch_model.safetensors"


def content(name: str, size: int) -> bytes:
    """Bytes that are different for every name, and all along."""
    blocks = (hashlib.sha256(f"{name} {i}".encode()).digest() for i in range(size // 32 + 1))
    return b"".join(blocks)[:size]


def index(class_name: str = "StableDiffusionPipeline", **entries: object) -> bytes:
    parts = {
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "scheduler": ["diffusers", "PNDMScheduler"],
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
    }
    return json.dumps({"_class_name": class_name, **parts, **entries}).encode()


def source_files(size: int = 5000) -> dict[str, bytes]:
    """A diffusers repository with everything that such repositories have beside what is needed."""
    needed = {"model_index.json": index(), "scheduler/scheduler_config.json": b"{}"}
    needed |= {f"tokenizer/{name}": content(name, 300) for name in ("vocab.json", "merges.txt")}
    for folder, stem in (
        ("unet", "diffusion_pytorch_model"),
        ("vae", "diffusion_pytorch_model"),
        ("text_encoder", "model"),
    ):
        needed[f"{folder}/config.json"] = content(folder, 200)
        needed[f"{folder}/{stem}.safetensors"] = content(folder + stem, size)
    return needed | {f"{name}": content(name, 100) for name in UNWANTED}


UNWANTED = (
    *("README.md", ".gitattributes", "pipeline.py", "unet/modeling.py", "v1-5-pruned.ckpt"),
    *("unet/diffusion_pytorch_model.bin", "text_encoder/pytorch_model.bin", "everything.safetensors"),
    *("unet/diffusion_pytorch_model.fp16.safetensors", "vae/diffusion_pytorch_model.fp16.safetensors"),
    *("text_encoder/model.fp16.safetensors", "unet/diffusion_pytorch_model.non_ema.safetensors"),
    *("safety_checker/model.safetensors", "safety_checker/config.json", "images/con.png", "unet/nul.json"),
    *("feature_extractor/preprocessor_config.json", "unet/CONFIG.JSON", "setup.cfg", "unet/config.json.exe"),
)


def needed_names(files: Mapping[str, bytes]) -> set[str]:
    return set(files) - set(UNWANTED)


@dataclass
class Run:
    """Fetches from the Hub into a data folder, and what was said meanwhile."""

    hub: Hub
    data: Path
    said: list[str] = field(default_factory=list)
    token: str | None = None
    patience: Patience = field(default_factory=lambda: Patience(first_wait=0.001, silence=5.0))
    hub_cache: Path | None = None
    places: tuple[str, ...] = ("cache/hub", "models")

    def fetch(
        self, name: str = NAME, then: Callable[[Fetched], object] = lambda found: None, **asked: object
    ) -> Fetched:
        token = Token(self.token, "a test") if self.token else None
        client = HubClient({"HF_ENDPOINT": self.hub.url}, token, self.patience, self.said.append)
        wish = Wish(repository=name, data=self.data, **asked)
        try:
            with fetched(wish, client, lambda text, *_: self.said.append(text), self.hub_cache) as found:
                then(found)
                return found
        except BaseException as error:
            self.said.append(str(error))
            raise
        finally:
            client.close()

    def check_accepted(self) -> int:
        """Every file in place is one that the Hub really has, byte for byte; return how many there are."""
        good = {
            hashlib.sha256(c).hexdigest() for repo in self.hub.repos.values() for c in repo.files.values()
        }
        accepted = [
            path
            for place in self.places
            for path in (self.data / place).rglob("*")
            if path.is_file() and path.name not in OURS and path.suffix != ".part"
        ]
        for path in accepted:
            assert hashlib.sha256(path.read_bytes()).hexdigest() in good, path
            is_graph = path.suffix == ".bin" and path.name.startswith("openvino_")
            assert is_graph or path.suffix in (".json", ".txt", ".safetensors", ".xml"), path
        return len(accepted)

    def check_token(self, token: str = TOKEN) -> None:
        """The token went to the Hub alone, and is in no file and in nothing that was said."""
        secret = token.encode()
        assert not [path for path in self.data.rglob("*") if path.is_file() and secret in path.read_bytes()]
        assert token not in "".join(self.said)
        for seen in self.hub.seen:
            if seen.server != "hub":
                assert token not in str(seen)
                assert "Authorization" not in seen.headers
            else:
                assert token not in seen.path


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in OURS
    }


def add_source(hub: Hub, **options: Any) -> Repo:
    return hub.add(Repo(NAME, source_files(), **options))
