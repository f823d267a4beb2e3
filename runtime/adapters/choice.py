"""What a request wants of LoRAs and embeddings: found, read, fitted to the model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from runtime.adapters.changes import NOTHING, Adapters, Changes, LowRank
from runtime.adapters.embedding import Embedding
from runtime.adapters.files import AdapterFiles, file_key
from runtime.adapters.library import AdapterFile, AdapterLibrary
from runtime.adapters.match import Layers, Matcher, Weighed
from runtime.adapters.tags import WantedLora, wanted_loras
from runtime.adapters.words import named_embeddings
from runtime.model_folder import ModelFolder
from runtime.prompt_syntax import parse_prompt
from runtime.request import Request
from runtime.tokenizer import ClipTokenizer

Tokenizers = tuple[ClipTokenizer, ...]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a request is made with; `tokenizers` know the words of its embeddings."""

    adapters: Adapters
    tokenizers: Tokenizers
    warnings: tuple[str, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)  # for the text of a picture


class Chooser:
    """Chooses for one opened model; `layers_of` gives the layers of a network."""

    def __init__(
        self,
        model: ModelFolder,
        library: AdapterLibrary,
        *,
        layers_of: Callable[[str], Layers],
        tokenizers: Callable[[], Tokenizers],
    ) -> None:
        self._model = model
        self._library = library
        self._files = AdapterFiles()
        self._layers_of = layers_of
        self._tokenizers = tokenizers

    def choose(self, request: Request) -> Choice:
        """Return what a request wants; raises InvalidRequest or AdapterError, before anything is compiled."""
        wanted = wanted_loras(parse_prompt(request.prompt)) if "<" in request.prompt else ()
        loras = {wish: self._library.lora(wish.name) for wish in wanted}
        embeddings = self._embeddings(request)
        self._files.forget_others([*loras.values(), *embeddings])
        low_rank, warnings = self._low_rank(loras)
        vectors, tokenizers = self._vectors(embeddings)
        networks = [name for name in self._model.components if name in low_rank or name in vectors]
        changes = {
            name: Changes(
                layers=low_rank.get(name, {}), tokens=vectors.get(name), vocabulary=self._vocabulary(name)
            )
            for name in networks
        }
        key = (
            *((file_key(file.path), wish.text, wish.unet) for wish, file in loras.items()),
            *(file_key(file.path) for file in embeddings),
        )
        return Choice(
            adapters=Adapters(key=key, changes=changes) if changes else NOTHING,
            tokenizers=tokenizers,
            warnings=warnings,
            details=self._details(loras, embeddings),
        )

    def _low_rank(
        self, wanted: Mapping[WantedLora, AdapterFile]
    ) -> tuple[Mapping[str, Mapping[str, LowRank]], tuple[str, ...]]:
        """Return the changes of each network, and what is to be said of keys without a place."""
        if not wanted:
            return {}, ()
        matcher = Matcher(
            networks=[*self._model.text_encoders, "unet"],
            layers_of=self._layers_of,
            width=int(self._model.config("unet").get("cross_attention_dim") or 0),
        )
        weighed = [
            Weighed(lora=self._files.lora(file), text=wish.text, unet=wish.unet)
            for wish, file in wanted.items()
        ]
        return matcher.match(weighed), tuple(matcher.warnings)

    def _embeddings(self, request: Request) -> list[AdapterFile]:
        """Return the files whose names stand in the prompts."""
        if not self._model.text_encoders:
            return []
        texts = [request.prompt, *([request.negative_prompt] if request.guided else [])]
        return named_embeddings(self._library, lambda: self._tokenizers()[0], texts)

    def _vectors(
        self, files: Sequence[AdapterFile]
    ) -> tuple[Mapping[str, "np.ndarray[tuple[int, ...], np.dtype[np.float32]]"], Tokenizers]:
        """Return the vectors for each text encoder, and tokenizers that give their ids for the words."""
        tokenizers = self._tokenizers() if self._model.text_encoders else ()
        if not files:
            return {}, tokenizers
        configs = {encoder: self._model.config(encoder) for encoder in self._model.text_encoders}
        widths = {encoder: int(config["hidden_size"]) for encoder, config in configs.items()}
        read: list[Embedding] = [self._files.embedding(file, widths) for file in files]
        vectors = {
            encoder: np.concatenate([embedding.vectors[encoder] for embedding in read]) for encoder in widths
        }
        named = []
        for tokenizer, config in zip(tokenizers, configs.values(), strict=True):
            ids, first = {}, int(config["vocab_size"])
            for file, embedding in zip(files, read, strict=True):
                ids[tuple(tokenizer.words(file.name))] = tuple(range(first, first + embedding.count))
                first += embedding.count
            named.append(tokenizer.with_words(ids))
        return vectors, tuple(named)

    def _vocabulary(self, network: str) -> int:
        return int(self._model.config(network)["vocab_size"]) if network in self._model.text_encoders else 0

    def _details(
        self, loras: Mapping[WantedLora, AdapterFile], embeddings: Sequence[AdapterFile]
    ) -> Mapping[str, str]:
        """Return what a picture's text says of the files, as A1111 writes it."""
        rows = {"Lora hashes": list(loras.values()), "TI hashes": list(embeddings)}
        told = {
            key: ", ".join(
                dict.fromkeys(f"{_plain(file.name)}: {self._files.short_hash(file)}" for file in files)
            )
            for key, files in rows.items()
        }
        return {key: text for key, text in told.items() if text}


def _plain(name: str) -> str:
    return name.replace(":", "").replace(",", "")
