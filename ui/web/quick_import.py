"""Importing Gradio, and building a page with it, in half the time: what nobody here needs is left out.

Nothing of the library is changed on the disk, and each shortcut is over when the work is.
"""

from __future__ import annotations

import functools
import gc
import importlib
import importlib.util
import inspect
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FunctionType, ModuleType
from typing import Any

COMMANDS = "gradio.cli"


@contextmanager
def quick_import() -> Iterator[None]:
    """Take the shortcuts while `import gradio` runs inside."""
    with ExitStack() as shortcuts:
        for shortcut in (_no_collections, _no_stub_files, _docs_once, _no_certificates, _no_commands):
            shortcuts.enter_context(shortcut())
        _load_late("pandas")
        yield


@contextmanager
def quick_build() -> Iterator[None]:
    """Look at each function once while a page is built: Gradio asks for the same ones thousands of times."""
    with _replaced(inspect, "signature", _remembered(inspect.signature)):  # noqa: SIM117
        with _replaced(inspect, "getfullargspec", _remembered(inspect.getfullargspec)):
            yield


@contextmanager
def config_later() -> Iterator[None]:
    """Have Gradio describe no page: it does so three times while one is built, and only the last counts."""
    from gradio import Blocks

    with _replaced(Blocks, "get_config_file", lambda blocks: {}):
        yield


def _remembered(look: Callable[..., Any]) -> Callable[..., Any]:
    """Remember what `look` says of a function, by its identity; so the function is kept as well."""
    seen: dict[int, tuple[object, Any]] = {}

    def look_once(function: Any, **options: Any) -> Any:
        if options or not isinstance(function, FunctionType):
            return look(function, **options)
        if id(function) not in seen:
            seen[id(function)] = (function, look(function))
        return seen[id(function)][1]

    return look_once


@contextmanager
def _replaced(module: Any, name: str, value: object) -> Iterator[None]:
    real = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, real)


@contextmanager
def _no_stub_files() -> Iterator[None]:
    """Spare the parsing of every component's own source, to compare a .pyi file with it.

    Gradio leaves that out where `inspect.getfile` knows no file: so it is told, of components alone.
    """
    real = inspect.getfile

    def getfile(found: Any) -> str:
        if type(found).__name__ == "ComponentMeta" or getattr(found, "__name__", "") == "BlocksEvents":
            raise OSError("its stub file is not wanted")
        return real(found)

    with _replaced(inspect, "getfile", getfile):
        yield


@contextmanager
def _docs_once() -> Iterator[None]:
    """Compile the template of each docstring once, not once a component."""
    import jinja2

    with _replaced(jinja2, "Template", functools.cache(jinja2.Template)):
        yield


@contextmanager
def _no_certificates() -> Iterator[None]:
    """Give the HTTP clients that are made at import no certificates: nothing here calls anyone.

    A client that did would find no server that it trusts.
    """

    def create_default_context(*_: object, **__: object) -> ssl.SSLContext:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    with _replaced(ssl, "create_default_context", create_default_context):
        yield


@contextmanager
def _no_commands() -> Iterator[None]:
    """Leave out Gradio's command line, of which its package names one function."""
    if COMMANDS in sys.modules:
        yield
        return
    stand_in = ModuleType(COMMANDS)
    stand_in.deploy = _no_command  # type: ignore[attr-defined]
    sys.modules[COMMANDS] = stand_in
    try:
        yield
    finally:
        del sys.modules[COMMANDS]  # so that a real import finds the real one


def _no_command(*_: object, **__: object) -> None:
    raise NotImplementedError("this process serves a page: use Gradio's own command line")


@contextmanager
def _no_collections() -> Iterator[None]:
    """Import without looking for garbage, of which there is none yet; what was loaded is never looked at."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


class _Late(ModuleType):
    """Stands for a module that is imported when something of it is first asked for."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def _load_late(name: str) -> None:
    """Have `import name` cost nothing yet: Gradio's import names pandas and does not use it."""
    spec = importlib.util.find_spec(name) if name not in sys.modules else None
    if spec is not None:
        stand_in = _Late(name)
        stand_in.__spec__ = spec
        sys.modules[name] = stand_in
