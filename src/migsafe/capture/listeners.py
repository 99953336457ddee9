"""Listeners to SQLAlchemy's events that a project registers while it is captured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.event import api
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.pool import Pool

from migsafe.capture.imports import installed
from migsafe.capture.isolation import swapped
from migsafe.capture.sites import is_library

_ENGINES = (Engine, Connection, Dialect, Pool)


class Listeners:
    """Those of a project: each is there once, and gone when what registered it is over.

    A listener to all engines is none: the application registers it for its own work, and whether
    it is there when a migration runs hangs on what was imported before.
    """

    def __init__(self) -> None:
        self._keys: dict[tuple[object, ...], tuple[str, Any]] = {}

    def __bool__(self) -> bool:
        return bool(self._keys)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Inside, listeners are noted; at its end they are removed."""
        with swapped(api, _event_key=self._noting(api._event_key)):
            try:
                yield
            finally:
                self.forget()

    def forget(self, filename: str | None = None) -> None:
        """Remove the listeners that are functions in the file, or all."""
        for known, (owner, key) in list(self._keys.items()):
            if filename in (None, owner):
                _remove(key)
                del self._keys[known]

    def _noting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def event_key(target: Any, identifier: str, function: Any) -> Any:
            key = original(target, identifier, function)
            code = getattr(function, "__code__", None)
            if code is None or is_library(code.co_filename) or installed(code.co_filename):
                return key
            if isinstance(target, type) and issubclass(target, _ENGINES):
                return _Unheard()
            known = (id(target), identifier, code.co_filename, code.co_firstlineno)
            if known in self._keys and self._keys[known][1].fn is not function:
                _remove(self._keys[known][1])  # that of an earlier run
            self._keys[known] = (code.co_filename, key)
            return key

        return event_key


class _Unheard:
    """A listener that is not registered, as far as `sqlalchemy.event` deals with it."""

    def listen(self, *args: Any, **keywords: Any) -> None:
        """Register nothing."""

    remove = listen

    def contains(self) -> bool:
        """Say that it is registered."""
        return True


def _remove(key: Any) -> None:
    with suppress(InvalidRequestError, ValueError, KeyError):
        key.remove()
