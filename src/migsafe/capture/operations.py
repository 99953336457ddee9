"""Alembic's operations, watched: which operation sends a statement, and from which line."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any

import alembic.op
from alembic.operations import BatchOperations, Operations
from alembic.runtime.migration import MigrationContext

from migsafe.capture.isolation import swapped
from migsafe.capture.model import Operation
from migsafe.capture.operation import operation_of
from migsafe.capture.recorder import Recorder
from migsafe.capture.sites import Site


class _Queue(list[Any]):
    """What a batch will do at its end; each entry remembers the call that put it there."""

    def __init__(self, recorder: Recorder):
        super().__init__()
        self._recorder = recorder
        self._origins: list[tuple[Operation | None, Site]] = []

    def append(self, entry: Any) -> None:
        self._origins.append((self._recorder.current(), self._recorder.site()))
        super().append(entry)

    def __iter__(self) -> Iterator[Any]:
        for entry, (operation, site) in zip(super().__iter__(), self._origins, strict=True):
            with self._recorder.attributed(operation, site):
                yield entry


class WatchedOperations(Operations):
    """Operations that tell the recorder what they do."""

    recorder: Recorder

    def invoke(self, operation: Any) -> Any:
        with self.recorder.attributed(operation_of(operation)):
            return super().invoke(operation)

    @contextmanager
    def batch_alter_table(self, *args: Any, **keywords: Any) -> Iterator[Any]:
        """As Alembic's; what is queued for the end of the block keeps its own line."""
        with super().batch_alter_table(*args, **keywords) as batch:
            invoke = batch.invoke

            def watched(operation: Any) -> Any:
                with self.recorder.attributed(operation_of(operation)):
                    return invoke(operation)

            batch.invoke = watched  # type: ignore[method-assign]
            batch.impl.batch = _Queue(self.recorder)
            batch.__class__ = _WatchedBatch
            yield batch

    def run_async(self, async_function: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
        """As Alembic's, which insists on an asynchronous driver."""
        from sqlalchemy.ext.asyncio import AsyncConnection

        bind = self.get_bind()
        engine: Any = SimpleNamespace(sync_engine=bind.engine)
        connection = AsyncConnection(engine, bind)
        loop = asyncio.new_event_loop()
        with swapped(bind.dialect, asynchronous=True):
            try:
                return loop.run_until_complete(async_function(connection, *args, **keywords))
            finally:
                loop.close()


class _WatchedBatch(BatchOperations):
    """A batch that takes for a step about which nothing is known what ``alembic.op`` does."""

    def __getattr__(self, name: str) -> Any:
        instead = getattr(alembic.op, name)  # imports what may register it
        return object.__getattribute__(self, name) if hasattr(type(self), name) else instead


_OURS = ("_proxy", "__getattr__")


class Functions:
    """The functions of ``alembic.op``, watched, for one migration after the other.

    An operation that nobody has registered is looked for in *modules_of_env*, those that env.py
    imports; when it is not in them either, it is a step about which nothing is known.
    """

    def __init__(self, modules_of_env: Sequence[str] = ()):
        self._modules_of_env = modules_of_env
        self._before: dict[str, Any] = {}

    def __enter__(self) -> Functions:
        own = vars(alembic.op)
        self._before = {name: own[name] for name in _OURS if name in own}
        return self

    def __exit__(self, *error: object) -> None:
        self.forget()
        vars(alembic.op).update(self._before)

    def work_on(self, context: MigrationContext, recorder: Recorder) -> None:
        """Work on *context* from now on, and tell *recorder*."""
        watched = WatchedOperations(context)
        watched.recorder = recorder
        for namespace in _namespaces():
            namespace["_proxy"] = watched
        vars(alembic.op)["__getattr__"] = self._unregistered

    def forget(self) -> None:
        """Work on nothing."""
        for namespace in _namespaces():
            for name in _OURS:
                namespace.pop(name, None)

    def _unregistered(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        watched: WatchedOperations = vars(alembic.op)["_proxy"]
        for module in self._modules_of_env:
            with suppress(Exception, SystemExit):
                importlib.import_module(module)
            if hasattr(type(watched), name):
                return getattr(watched, name)
        recorder = watched.recorder

        def operation(*args: Any, **keywords: Any) -> None:
            why = f"the operation op.{name} is not registered, so what it sends is not known"
            recorder.problem("import", why)
            recorder.unknown(f"/* op.{name}(…) */", why)

        return operation


def _namespaces() -> Iterator[MutableMapping[str, Any]]:
    """Modules whose functions are those of Alembic's operations: ``alembic.op``, for one."""
    return (namespace for namespace, _ in Operations._setups[Operations][1])
