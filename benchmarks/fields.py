"""Reads JSON that a stranger may have written: every value checked, every fault named by where it stands."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runtime.errors import InvalidRequest

_REQUIRED = object()
_LARGEST = 10**18  # nothing that is measured here is larger, and every number up to it can be computed with


def is_number(value: object) -> bool:
    """Whether a JSON value is a number to compute with: not a bool, not NaN, not beyond all bounds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST


class Fields:
    """The members of one JSON object; `where` says which object, for the sentence of an error."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, Mapping):
            raise InvalidRequest(f"{where} must be an object, got {_short(value)}: give a record")
        self.values: Mapping[str, Any] = value
        self.where = where

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def sub(self, name: str, default: object = _REQUIRED) -> "Fields":
        """Return the object under `name`."""
        return Fields(self._get(name, default), f"{self.where}.{name}")

    def list(self, name: str, default: object = _REQUIRED) -> list["Fields"]:
        """Return the objects of the list under `name`."""
        value = self._get(name, default)
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise self._fault(name, "a list", value)
        return [Fields(item, f"{self.where}.{name}[{index}]") for index, item in enumerate(value)]

    def text(self, name: str, default: object = _REQUIRED) -> str:
        """Return the text under `name`."""
        value = self._get(name, default)
        if not isinstance(value, str):
            raise self._fault(name, "a text", value)
        return value

    def text_list(self, name: str) -> tuple[str, ...]:
        """Return the texts of the list under `name`, empty where there is none."""
        value = self._get(name, [])
        is_list = isinstance(value, Sequence) and not isinstance(value, str)
        if not is_list or not all(isinstance(item, str) for item in value):
            raise self._fault(name, "a list of texts", value)
        return tuple(value)

    def choice(self, name: str, allowed: Sequence[str]) -> str:
        """Return the text under `name`, one of `allowed`."""
        value = self.text(name)
        if value not in allowed:
            raise self._fault(name, f"one of {', '.join(allowed)}", value)
        return value

    def number(self, name: str, default: object = _REQUIRED) -> float | None:
        """Return the finite number under `name`, or None where the default is None and there is none."""
        value = self._get(name, default)
        if value is None and default is None:
            return None
        if not is_number(value):
            raise self._fault(name, "a number", value)
        return float(value)

    def required_number(self, name: str) -> float:
        """Return the finite number under `name`."""
        value = self.number(name)
        assert value is not None  # without a default of None there is a number or an error
        return value

    def count(self, name: str, default: object = _REQUIRED) -> int:
        """Return the whole number, zero or more, under `name`."""
        value = self._get(name, default)
        if not isinstance(value, int) or not is_number(value) or value < 0:
            raise self._fault(name, "a whole number", value)
        return value

    def optional_count(self, name: str) -> int | None:
        """Return the whole number under `name`, or None where there is none."""
        return None if self.values.get(name) is None else self.count(name)

    def texts(self, name: str) -> Mapping[str, str]:
        """Return the object of texts under `name`, empty where there is none."""
        inner = self.sub(name, default={})
        return {key: inner.text(key) for key in inner}

    def numbers(self, name: str) -> Mapping[str, float]:
        """Return the object of numbers under `name`, empty where there is none; null members are left out."""
        inner = self.sub(name, default={})
        return {key: inner.required_number(key) for key in inner if inner.values[key] is not None}

    def _get(self, name: str, default: object) -> Any:
        value = self.values.get(name, default)
        if value is _REQUIRED:
            raise InvalidRequest(f"{self.where} has no {name}: give a record that `benchmark` wrote")
        return value

    def _fault(self, name: str, wanted: str, value: object) -> InvalidRequest:
        return InvalidRequest(
            f"{self.where}.{name} must be {wanted}, got {_short(value)}: run the benchmark again"
        )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
