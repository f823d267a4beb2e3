"""From prompt text to the embeddings the UNet takes."""

import numpy as np

from runtime.arrays import Array
from runtime.backends.base import TextEncoder
from runtime.errors import NonFiniteError
from runtime.request import Request
from runtime.tokenizer import ClipTokenizer


def encode_prompt(tokenizer: ClipTokenizer, text_encoder: TextEncoder, request: Request) -> Array:
    """Return (1 or 2, 77, D) embeddings; with guidance the negative prompt comes first.

    Raises InvalidRequest for a prompt the model cannot read to its end.
    """
    texts = [request.negative_prompt, request.prompt] if request.guided else [request.prompt]
    hidden = text_encoder(np.stack([tokenizer(text) for text in texts])).hidden
    if not np.isfinite(hidden).all():
        raise NonFiniteError(
            "the text encoder gave values that are not numbers: try --execution-precision f32"
        )
    return hidden
