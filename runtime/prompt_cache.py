"""The embeddings of the last prompts of a pipeline: another seed of the same prompt encodes nothing."""

from collections import OrderedDict
from collections.abc import Hashable

from runtime.backends.base import PromptEmbeds

KEPT = 32


class PromptCache:
    """Keeps what was used last."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._embeds: OrderedDict[Hashable, PromptEmbeds] = OrderedDict()

    def get(self, key: Hashable) -> PromptEmbeds | None:
        """Return what was put under a key, None when it is not there (any more)."""
        if key in self._embeds:
            self._embeds.move_to_end(key)
        return self._embeds.get(key)

    def put(self, key: Hashable, embeds: PromptEmbeds) -> None:
        """Keep embeddings, in place of those unused for longest."""
        self._embeds[key] = embeds
        while len(self._embeds) > self._kept:
            self._embeds.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._embeds.clear()
