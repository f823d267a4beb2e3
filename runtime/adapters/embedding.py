"""One textual inversion: vectors that stand in a prompt for the tokens of a word.

Gal et al. 2022 (arXiv 2208.01618). The file's name is the word. Layouts: A1111's `emb_params`, diffusers' one
tensor under the word itself, and `clip_l` with `clip_g` for the two text encoders of SDXL.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runtime.adapters.tensors import check_file, open_tensors
from runtime.arrays import Array
from runtime.errors import AdapterError
from runtime.safetensors_header import read_header

MOST_VECTORS = 75  # what a text encoder reads at once
_PAIR = {"clip_l": "text_encoder", "clip_g": "text_encoder_2"}


@dataclass(frozen=True, kw_only=True)
class Embedding:
    """A file that was read: `vectors` (N, D) for each text encoder."""

    path: Path
    vectors: Mapping[str, Array]

    @property
    def count(self) -> int:
        """How many tokens it stands for."""
        return len(next(iter(self.vectors.values())))


def read_embedding(path: Path) -> Embedding:
    """Read and check a file; raises AdapterError or ModelFolderError, one sentence with the remedy."""
    check_file(path)
    header = read_header(path)
    names = [name for name, tensor in header.tensors.items() if tensor.shape not in ((), (1,))]
    if set(names) >= set(_PAIR):
        wanted = {encoder: name for name, encoder in _PAIR.items()}
    elif "emb_params" in names:
        wanted = {"text_encoder": "emb_params"}
    elif len(names) == 1 and names[0] not in _PAIR:
        wanted = {"text_encoder": names[0]}
    else:
        some = ", ".join(f"{name!r:.60}" for name in sorted(header.tensors)[:2]) or "nothing"
        raise AdapterError(
            f"{path} is no textual inversion (it holds {some}): choose an embedding's .safetensors file"
        )
    for name in wanted.values():  # before anything is read
        shape = header.tensors[name].shape
        rows = shape[0] if len(shape) == 2 else 1
        if len(shape) not in (1, 2) or 0 in shape or rows > MOST_VECTORS:
            raise AdapterError(
                f"{path} is no textual inversion ({name!r:.60} has the shape {list(shape)!r:.60}; there are "
                f"at most {MOST_VECTORS} vectors): choose an embedding's file"
            )
    file = open_tensors(header)
    vectors = {encoder: np.atleast_2d(file.read(name)) for encoder, name in wanted.items()}
    if len({len(rows) for rows in vectors.values()}) > 1:
        counts = " and ".join(str(len(rows)) for rows in vectors.values())
        raise AdapterError(
            f"{path} has {counts} vectors for the two text encoders, which must be as many: fetch it again"
        )
    return Embedding(path=path, vectors=vectors)


def check_fits(embedding: Embedding, widths: Mapping[str, int]) -> None:
    """Raise AdapterError unless there are vectors for each text encoder, of its width."""
    found = {encoder: rows.shape[1] for encoder, rows in embedding.vectors.items()}
    if found != dict(widths):
        has, wants = (" and ".join(map(str, some.values())) for some in (found, widths))
        raise AdapterError(
            f"the embedding {embedding.path} has vectors of width {has} and this model reads {wants}: "
            "choose one made for this model, or leave its name out"
        )
