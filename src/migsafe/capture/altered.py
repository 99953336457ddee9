"""Whether a migration that was run has changed what operations and types of libraries do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

_MODULES = ("alembic.op", "sqlalchemy", "sqlalchemy.dialects.postgresql")
# By module, the classes that write statements.
_WRITERS = {
    "alembic.ddl.impl": ("DefaultImpl",),
    "alembic.ddl.postgresql": ("PostgresqlImpl",),
    "sqlalchemy.dialects.postgresql.base": (
        "PGDDLCompiler", "PGIdentifierPreparer", "PGTypeCompiler",
    ),
    "sqlalchemy.sql.compiler": ("DDLCompiler", "GenericTypeCompiler", "IdentifierPreparer"),
}  # fmt: skip
# By module, what is written: ``@compiles`` gives a class another way of that.
_WRITTEN = ("sqlalchemy", "sqlalchemy.schema", "alembic.ddl.base", "alembic.ddl.postgresql")


class Libraries:
    """What the libraries, which are loaded, hold now; operations that are added are no change."""

    def __init__(self) -> None:
        self._members = list(_members())
        self._writers = list(_writers())
        self._compiled = list(_compiled())

    def are_altered(self) -> bool:
        """Whether any of it is something else by now."""
        if any(members.get(name) is not value for members, name, value in self._members):
            return True
        if any(dict(vars(kind)) != before for kind, before in self._writers):
            return True
        return any(_specifics(kind) != before for kind, before in self._compiled)


def _members() -> Iterator[tuple[Any, str, object]]:
    """Where something is held, its name and what it is."""
    for module in _MODULES:
        held = vars(sys.modules[module])
        yield from ((held, name, one) for name, one in held.items() if not name.startswith("_"))
    operations = vars(sys.modules["alembic.operations"])
    for kind in (operations["Operations"], operations["BatchOperations"]):
        yield from ((vars(kind), name, one) for name, one in vars(kind).items())
    implementations = operations["Operations"]._to_impl._registry
    yield from ((implementations, name, one) for name, one in implementations.items())


def _writers() -> Iterator[tuple[type, object]]:
    for module, names in _WRITERS.items():
        for name in names:
            kind = vars(sys.modules[module])[name]
            yield kind, dict(vars(kind))


def _compiled() -> Iterator[tuple[type, object]]:
    for module in _WRITTEN:
        for one in list(vars(sys.modules[module]).values()):
            if isinstance(one, type) and hasattr(one, "_compiler_dispatch"):
                yield one, _specifics(one)


def _specifics(kind: type) -> object:
    """How *kind* is compiled, by dialect."""
    held = vars(kind)
    dispatcher = held.get("_compiler_dispatcher")
    return held.get("_compiler_dispatch"), dispatcher and dict(dispatcher.specs)
