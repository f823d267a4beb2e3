"""A1111's rule for prompts in plain PyTorch, token by token, over transformers' text encoders.

Written apart from ours: it walks the tokens once, as A1111 does, where ours looks ahead.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

ROOM, REACH = 75, 20
Weighted = tuple[str, float]  # a piece of text; "BREAK" with weight 0 begins a chunk


class PlainEncoder:
    """One text encoder of a diffusers folder; `layers` is which of its layers is read, None its last."""

    def __init__(self, source: Path, number: int = 1, *, penultimate: bool = False) -> None:
        suffix = "" if number == 1 else f"_{number}"
        kind = CLIPTextModel if number == 1 else CLIPTextModelWithProjection
        self.tokenizer = CLIPTokenizer.from_pretrained(source / f"tokenizer{suffix}")
        self.model: Any = kind.from_pretrained(source / f"text_encoder{suffix}", dtype=torch.float32).eval()
        self.penultimate = penultimate
        self.comma = self.tokenizer.convert_tokens_to_ids(",</w>")

    def chunks(self, pieces: Sequence[Weighted]) -> list[list[tuple[int, float]]]:
        done: list[list[tuple[int, float]]] = []
        chunk: list[tuple[int, float]] = []
        comma = -1
        for text, weight in pieces:
            if (text, weight) == ("BREAK", 0):
                done.append(chunk)
                chunk, comma = [], -1
                continue
            for token in self.tokenizer(text, add_special_tokens=False)["input_ids"]:
                if token == self.comma:
                    comma = len(chunk)
                elif len(chunk) == ROOM and comma >= 0 and ROOM - comma <= REACH:
                    done.append(chunk[: comma + 1])
                    chunk, comma = chunk[comma + 1 :], -1
                if len(chunk) == ROOM:
                    done.append(chunk)
                    chunk, comma = [], -1
                chunk.append((token, weight))
        return [*done, chunk] if chunk or not done else done

    @torch.no_grad()
    def encode(
        self, pieces: Sequence[Weighted], count: int, clip_skip: int = 1
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return (77 * count, D), and the pooled embeddings of the first chunk."""
        chunks = self.chunks(pieces)
        chunks += [[]] * (count - len(chunks))
        ids, weights = [], []
        for chunk in chunks:
            spare = ROOM - len(chunk)
            words, pads = [token for token, _ in chunk], [self.tokenizer.pad_token_id] * spare
            ids.append([self.tokenizer.bos_token_id, *words, self.tokenizer.eos_token_id, *pads])
            weights.append([1.0, *(weight for _, weight in chunk), *[1.0] * (spare + 1)])
        output = self.model(torch.tensor(ids), output_hidden_states=True)
        if self.penultimate:
            hidden = output.hidden_states[-2]
        elif clip_skip > 1:
            hidden = self.model.text_model.final_layer_norm(output.hidden_states[-clip_skip])
        else:
            hidden = output.last_hidden_state
        weighted = hidden * torch.tensor(weights)[:, :, None]
        means = hidden.mean((1, 2), keepdim=True) / weighted.mean((1, 2), keepdim=True)
        pooled = getattr(output, "text_embeds", None)
        return (weighted * means).flatten(0, 1), pooled[0] if pooled is not None else None


def random_prompt(draw: random.Random, words: Sequence[str], tokens: int) -> tuple[str, list[Weighted]]:
    """Return a prompt of about so many tokens as it is written, and the pieces that it stands for."""
    written, pieces = "", list[Weighted]()
    while tokens > 0:
        length = draw.randint(1, 12)
        tokens -= length
        text = " " + " ".join(draw.choice(words) for _ in range(length)) + draw.choice(["", "", ","])
        kind = draw.random()
        if kind < 0.5:
            part, weight = text, 1.0
        elif kind < 0.8:
            weight = round(draw.uniform(0.5, 1.6), 2)
            part = f"({text}:{weight})"
        elif kind < 0.88:
            part, weight = f"({text})", 1.1
        elif kind < 0.94:
            part, weight = f"[{text}]", 1 / 1.1
        else:
            part, weight = " BREAK" + text, 1.0
            pieces.append(("BREAK", 0))
        written += part
        if pieces and pieces[-1][1] == weight:
            pieces[-1] = (pieces[-1][0] + text, weight)
        else:
            pieces.append((text, weight))
    return written, pieces
