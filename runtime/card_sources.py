"""Where a single file's card comes from: the metadata in its header, and what A1111 keeps beside it.

The metadata are those of github.com/Stability-AI/ModelSpec ("modelspec.") and of kohya-ss/sd-scripts ("ss_");
beside NAME.safetensors lie NAME.civitai.info (a model's version as Civitai's API describes it) and NAME.json
(what a person entered in A1111). Nothing there is trusted: what cannot be read, or is larger than anybody
writes, says nothing.
"""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runtime.model_card import MOST, ModelCard, joined, make_card
from runtime.safetensors_header import SafetensorsHeader

_FIELDS = {
    "title": "modelspec.title",
    "author": "modelspec.author",
    "license": "modelspec.license",
    "date": "modelspec.date",
    "description": "modelspec.description",
    "usage_hint": "modelspec.usage_hint",
    "trained_as": "ss_output_name",
    "trained_from": "ss_sd_model_name",
}
_NONE = {"none", "null", "n/a", "unknown"}  # what training programs write where nobody entered anything
_MAX_TAGS_BYTES = 4 << 20  # of the table of tags, which has one row for each word of the captions
_MAX_SIDE_BYTES = 1 << 20


def card_of_file(header: SafetensorsHeader) -> ModelCard:
    """Return what a file's metadata and the files beside it say."""
    path = header.path
    beside = (
        _card_of_civitai(_read_object(path.with_suffix(".civitai.info"))),
        _card_of_webui(_read_object(path.with_suffix(".json"))),
    )
    return joined([card_of_metadata(header.metadata), *beside])


def card_of_metadata(metadata: Mapping[str, str]) -> ModelCard:
    """Return what a header's metadata say."""
    texts = {field: metadata[key] for field, key in _FIELDS.items() if _is_said(metadata.get(key))}
    trigger = metadata.get("modelspec.trigger_phrase")
    tags = _frequent(_parsed(metadata.get("ss_tag_frequency", "")[:_MAX_TAGS_BYTES]))
    return make_card(texts, [trigger] if _is_said(trigger) else (), tags)


def _is_said(text: str | None) -> bool:
    return text is not None and text.strip().casefold() not in _NONE


def _frequent(folders: Mapping[str, Any]) -> list[str]:
    """Return the tags that most pictures have; the table has one part for each folder of pictures."""
    counts: Counter[str] = Counter()
    for tags in folders.values():
        if isinstance(tags, dict):
            for tag, count in tags.items():
                if type(count) is int and count > 0:
                    counts[tag.strip()] += count
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [tag for tag, _ in ordered[: 4 * MOST["tags"]]]  # some are empty when they have been cleaned


def _card_of_civitai(said: Mapping[str, Any]) -> ModelCard:
    model = said.get("model")
    names = (model.get("name") if isinstance(model, dict) else None, said.get("name"))
    texts = {
        "title": " ".join(name for name in names if isinstance(name, str)),
        "description": said.get("description"),
        "trained_from": said.get("baseModel"),
    }
    words = said.get("trainedWords")
    return make_card(texts, words if isinstance(words, list) else ())


def _card_of_webui(said: Mapping[str, Any]) -> ModelCard:
    return make_card({"description": said.get("description")}, [said.get("activation text")])


def _read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a small file; an empty one where there is none."""
    try:
        if not path.is_file():
            return {}
        with path.open("rb") as file:
            data = file.read(_MAX_SIDE_BYTES + 1)
    except OSError:
        return {}
    return _parsed(data) if len(data) <= _MAX_SIDE_BYTES else {}


def _parsed(text: str | bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
