"""Renames that are declared: tables, columns, enum types, their schemas, their labels.

They are made in a savepoint before anything is compared, and taken back when it all is: so
PostgreSQL itself says how every expression reads afterwards, and nothing renamed looks changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from alembic.util import CommandError

from migsafe.autogen.declared import Declared, declarations
from migsafe.autogen.enum_types import WantedEnum, wanted_enums
from migsafe.autogen.found import Found, found, found_again, notice
from migsafe.autogen.renames import Rename
from migsafe.autogen.table_renames import table_renames
from migsafe.catalog import Enum
from migsafe.names import Name, quote_ident, quote_literal

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

_MEMO = "migsafe.renames"
_PLAIN = {"no_parameters": True}


@dataclass
class Renamed:
    """The renames of one autogenerate run, and what is declared of all enums."""

    renames: tuple[Rename, ...]
    declared: Mapping[Name, Declared]
    savepoint: Any = None


def rename_declared(context: AutogenContext) -> None:
    """Make the declared renames in the database, up to `take_back`."""
    connection = context.connection
    assert connection is not None
    state = found(context)
    wanted = wanted_enums(context, state)
    declared = declarations(context, state, wanted)
    renames = (*table_renames(context, state), *_renames(state, wanted, declared))
    memo: dict[str, Any] = context.migration_context.impl.memo
    memo[_MEMO] = Renamed(renames, declared)
    if not renames:
        return
    if connection.get_isolation_level() == "AUTOCOMMIT":
        raise CommandError(
            "renames are declared, which can only be compared in a transaction: "
            "let env.py connect without AUTOCOMMIT"
        )
    memo[_MEMO].savepoint = connection.begin_nested()
    for rename in renames:
        _make(connection, rename.up)
    found_again(context)


def _make(connection: Any, statement: str) -> None:
    from sqlalchemy.exc import DBAPIError

    try:
        connection.exec_driver_sql(statement, execution_options=_PLAIN)
    except DBAPIError as error:
        reason = str(error.orig).splitlines()[0]
        raise CommandError(f"the declared {statement} is not possible: {reason}") from error


def renamed(context: AutogenContext) -> Renamed:
    """Return the renames of this run."""
    memo: dict[str, Any] = context.migration_context.impl.memo
    result: Renamed = memo.get(_MEMO) or Renamed((), {})
    return result


def take_back(context: AutogenContext) -> None:
    """Undo in the database what `rename_declared` did."""
    made = renamed(context)
    if made.savepoint is not None:
        made.savepoint.rollback()
        made.savepoint = None


def _renames(
    state: Found, wanted: Mapping[Name, WantedEnum], declared: Mapping[Name, Declared]
) -> Iterator[Rename]:
    types = state.catalog.types
    for name, said in sorted(declared.items(), key=lambda item: item[0]):
        old = types.get(name) or types.get(said.renamed_from or name)
        if not isinstance(old, Enum) or not wanted[name].owned:
            continue
        if old.name != name:
            if old.name in wanted:
                notice(f"{old.name.display()} is not renamed: the metadata has it under that name")
                continue
            yield from _type_renames(state, old.name, name)
        yield from _label_renames(state, replace(old, name=name), wanted[name].enum.labels, said)


def _type_renames(state: Found, old: Name, new: Name) -> Iterator[Rename]:
    if old.schema != new.schema:
        moved = Name(new.schema, old.name)
        schemas = quote_ident(new.schema or ""), quote_ident(old.schema or "")
        yield _type_rename(
            state, old, moved, f"SET SCHEMA {schemas[0]}", f"SET SCHEMA {schemas[1]}"
        )
        old = moved
    if old != new:
        names = quote_ident(new.name), quote_ident(old.name)
        yield _type_rename(state, old, new, f"RENAME TO {names[0]}", f"RENAME TO {names[1]}")


def _type_rename(state: Found, old: Name, new: Name, up: str, down: str) -> Rename:
    before, after = state.written(old), state.written(new)
    return Rename(
        f"ALTER TYPE {before} {up}",
        f"ALTER TYPE {after} {down}",
        f"to_regtype({quote_literal(str(before))}) IS NOT NULL",
        f"to_regtype({quote_literal(str(after))}) IS NOT NULL",
    )


def _label_renames(
    state: Found, old: Enum, wanted: tuple[str, ...], said: Declared
) -> Iterator[Rename]:
    name = state.written(old.name)
    present = set(old.labels)
    for label in old.labels:
        new = said.renamed(label, wanted) if label not in wanted else None
        if new is None or new in present:
            continue
        present.add(new)
        before, after = quote_literal(label), quote_literal(new)
        yield Rename(
            f"ALTER TYPE {name} RENAME VALUE {before} TO {after}",
            f"ALTER TYPE {name} RENAME VALUE {after} TO {before}",
            _has(name, before),
            _has(name, after),
        )


def _has(name: Name, label: str) -> str:
    type_ = f"to_regtype({quote_literal(str(name))})"
    return (
        f"EXISTS (SELECT FROM pg_catalog.pg_enum WHERE enumtypid = {type_} AND enumlabel = {label})"
    )
