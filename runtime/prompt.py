"""From prompt text to the embeddings the UNet takes."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from runtime.backends.base import PromptEmbeds, TextEncoder
from runtime.errors import NonFiniteError
from runtime.request import Request
from runtime.tokenizer import ClipTokenizer


class Encoders(Protocol):
    """The text encoders of a model; one that has only the first is never asked for the second."""

    @property
    def text_encoder(self) -> TextEncoder:
        """The first."""
        ...

    @property
    def text_encoder_2(self) -> TextEncoder:
        """SDXL's second, which gives the pooled embeddings."""
        ...


def encode_prompt(
    tokenizers: Sequence[ClipTokenizer], encoders: Encoders, request: Request, *, zeroes_empty: bool = False
) -> PromptEmbeds:
    """Return embeddings of 1 or 2 rows, (77, D) each; with guidance the negative prompt comes first.

    Those of several encoders stand side by side. With `zeroes_empty` an empty negative prompt is all zeros.
    Raises InvalidRequest for a prompt the model cannot read to its end.
    """
    texts = [request.negative_prompt, request.prompt] if request.guided else [request.prompt]
    parts = []
    for number, tokenizer in enumerate(tokenizers):
        encoder = encoders.text_encoder if number == 0 else encoders.text_encoder_2
        parts.append(encoder(np.stack([tokenizer(text) for text in texts])))
    hidden, pooled = np.concatenate([part.hidden for part in parts], axis=-1), parts[-1].pooled
    if not (np.isfinite(hidden).all() and (pooled is None or np.isfinite(pooled).all())):
        raise NonFiniteError(
            "the text encoder gave values that are not numbers: try --execution-precision f32"
        )
    if zeroes_empty and request.guided and not request.negative_prompt:
        hidden[0] = 0
        pooled = None if pooled is None else np.concatenate([np.zeros_like(pooled[:1]), pooled[1:]])
    return PromptEmbeds(hidden=hidden, pooled=pooled)
