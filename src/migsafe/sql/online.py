"""DDL on tables in use, as several statements of which none stands in others' way for long.

Each statement is to be committed by itself, and all of them can be run again from the first one
when one has failed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from migsafe.names import Name, quote_ident
from migsafe.sql import _pg
from migsafe.sql.filling import filled
from migsafe.sql.nodes import enum, enum_value
from migsafe.sql.parts import ConstraintDef
from migsafe.sql.relations import CreateIndex

_BYTES = 63  # NAMEDATALEN - 1
_SEPARATE = ("CONSTR_UNIQUE", "CONSTR_FOREIGN", "CONSTR_CHECK")
_CREATING = re.compile(
    r"(?i)\b(create\s+(?:table|schema|sequence|extension|(?:unique\s+)?index(?:\s+concurrently)?)"
    r"|add\s+column)\b(?!\s+(?:if\s+not|concurrently)\b)"
)
_DROPPING = re.compile(
    r"(?i)\b(drop\s+(?:table|schema|sequence|extension|view|type|function|column|constraint"
    r"|index(?:\s+concurrently)?))\b(?!\s+(?:if|concurrently)\b)"
)
_TIMING = ("CONSTR_ATTR_DEFERRABLE", "CONSTR_ATTR_DEFERRED", "CONSTR_ATTR_NOT_DEFERRABLE")


@dataclass(frozen=True)
class OnlineForm:
    """What to run *before* and *after* the statement itself, which is *main* by now."""

    main: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def statements(self) -> tuple[str, ...]:
        """All statements, in order."""
        return (*self.before, self.main, *self.after)


def index_built(statement: CreateIndex, sql: str) -> OnlineForm | None:
    """CREATE INDEX with CONCURRENTLY; None when the index has no name.

    A build that failed leaves an INVALID index behind, which has to be dropped first.
    """
    if statement.name is None:
        return None
    index = Name(statement.table.schema, statement.name)
    main = sql if statement.concurrently else concurrently(sql)
    return OnlineForm(main, before=(index_dropped(index),))


def index_dropped(index: Name) -> str:
    """DROP INDEX that waits without a lock in others' way, and may be repeated."""
    return f"DROP INDEX CONCURRENTLY IF EXISTS {index}"


def concurrently(sql: str) -> str:
    """The text of a CREATE INDEX or DROP INDEX with CONCURRENTLY in its place."""
    pattern = r"(?i)\b((?:create\s+(?:unique\s+)?|drop\s+)index\b)(?!\s+concurrently\b)"
    return re.sub(pattern, r"\1 CONCURRENTLY", sql, count=1)


def validated_later(sql: str, table: Name, name: str) -> OnlineForm:
    """The ADD of a CHECK or foreign key, called *name*, as NOT VALID, validated by itself."""
    added, constraint = _added(sql)
    constraint.conname = name
    constraint.skip_validation = True
    constraint.initially_valid = False
    return OnlineForm(
        _pg.deparse_statement(added),
        before=(constraint_dropped(table, name),),
        after=(validated(table, name),),
    )


def validated(table: Name, name: str) -> str:
    """VALIDATE CONSTRAINT, which reads the table while others write."""
    return f"ALTER TABLE {table} VALIDATE CONSTRAINT {quote_ident(name)}"


def constraint_dropped(table: Name, name: str) -> str:
    """DROP CONSTRAINT of what an earlier attempt may have left."""
    return f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {quote_ident(name)}"


def key_added(table: Name, constraint: ConstraintDef, name: str) -> OnlineForm | None:
    """UNIQUE or PRIMARY KEY, called *name*, from an index that is built concurrently.

    None for what USING INDEX cannot express: storage options and WITHOUT OVERLAPS.
    """
    if constraint.options or constraint.tablespace or constraint.without_overlaps:
        return None
    ident = quote_ident(name)
    built = f"CREATE UNIQUE INDEX CONCURRENTLY {ident} ON {table} ({_columns(constraint.columns)})"
    if constraint.include:
        built += f" INCLUDE ({_columns(constraint.include)})"
    if constraint.nulls_not_distinct:
        built += " NULLS NOT DISTINCT"
    timing = (constraint.deferrable, constraint.initially_deferred)
    used = key_of_index(table, name, constraint.kind.value, name, *timing)
    dropped = index_dropped(Name(table.schema, name))
    return OnlineForm(used, before=(constraint_dropped(table, name), dropped, built))


def key_of_index(
    table: Name, name: str, kind: str, index: str, deferrable: bool, deferred: bool
) -> str:
    """ADD CONSTRAINT of a PRIMARY KEY or UNIQUE (*kind*) that takes over a unique *index*."""
    timing = " DEFERRABLE" if deferrable else ""
    timing += " INITIALLY DEFERRED" if deferred else ""
    return (
        f"ALTER TABLE {table} ADD CONSTRAINT {quote_ident(name)} {kind} "
        f"USING INDEX {quote_ident(index)}{timing}"
    )


def not_null_set(table: Name, column: str, *, major: int) -> OnlineForm:
    """SET NOT NULL that reads no rows, as a validated CHECK proves that there is no NULL.

    From PostgreSQL 18 on the NOT NULL itself can be added NOT VALID; *major* is the oldest server.
    """
    ident = quote_ident(column)
    if major >= 18:
        name = fitting(f"{table.name}_{column}", "_not_null")
        proven = validated_later(f"ALTER TABLE {table} ADD NOT NULL {ident}", table, name)
        after: tuple[str, ...] = ()
    else:
        name = fitting(f"{table.name}_{column}", "_is_set")
        proven = validated_later(
            f"ALTER TABLE {table} ADD CHECK ({ident} IS NOT NULL)", table, name
        )
        after = (constraint_dropped(table, name),)
    main = f"ALTER TABLE {table} ALTER COLUMN {ident} SET NOT NULL"
    return OnlineForm(main, proven.statements, after)


def column_filled(
    table: Name, column: str, default: str, *, key: str | None = None
) -> tuple[str, ...]:
    """A default for new rows, then the same for those that were there, in committed batches.

    The batches are ranges of *key*, or of blocks without one: see `migsafe.sql.filling`.
    """
    ident = quote_ident(column)
    return (
        f"ALTER TABLE {table} ALTER COLUMN {ident} SET DEFAULT {default}",
        filled(table, [(column, "DEFAULT")], f"t.{ident} IS NULL", key=key),
    )


def fitting(name: str, suffix: str) -> str:
    """*name* with *suffix*, cut so that PostgreSQL takes it as it is."""
    return name.encode()[: _BYTES - len(suffix)].decode(errors="ignore") + suffix


def may_run_again(sql: str) -> str:
    """*sql* with IF NOT EXISTS and IF EXISTS where it creates and drops without."""
    made = _CREATING.sub(r"\1 IF NOT EXISTS", sql)
    return _DROPPING.sub(r"\1 IF EXISTS", made)


def one_by_one(sql: str) -> tuple[str, ...]:
    """An ALTER TABLE for each action of the ALTER TABLE *sql*, and for each inline constraint.

    Foreign keys, CHECK and UNIQUE of a new column come after it. Returns *sql* itself when there
    is nothing to take apart.
    """
    (raw,) = _pg.statements(sql)
    statement = raw.stmt.alter_table_stmt
    single = len(statement.cmds) == 1
    apart = [text for command in statement.cmds for text in _parts(raw.stmt, command)]
    return (sql,) if single and len(apart) == 1 else tuple(apart)


def column_alone(sql: str) -> str:
    """The ADD COLUMN *sql* without its default and NOT NULL."""
    (raw,) = _pg.statements(sql)
    (command,) = raw.stmt.alter_table_stmt.cmds
    column = getattr(command.alter_table_cmd, "def").column_def
    kept = [
        node
        for node in column.constraints
        if enum(node.constraint, "contype") not in ("CONSTR_DEFAULT", "CONSTR_NOTNULL")
    ]
    del column.constraints[:]
    column.constraints.extend(kept)
    return _pg.deparse_statement(raw.stmt)


def _parts(whole: Any, command: Any) -> list[str]:
    kept = type(command)()
    kept.CopyFrom(command)
    definition = kept.alter_table_cmd
    kind, column = _pg.unwrap(getattr(definition, "def"))
    if kind != "column_def":
        return [_alter(whole, kept)]
    own, constraints = _without_timing(column.constraints)
    del column.constraints[:]
    column.constraints.extend(own)
    return [_alter(whole, kept), *(_alter(whole, _adding(c, column)) for c in constraints)]


def _without_timing(constraints: Any) -> tuple[list[Any], list[Any]]:
    """What belongs to the column itself, and the constraints that can be added afterwards."""
    own, apart = [], []
    for node in constraints:
        kind = enum(node.constraint, "contype")
        if kind in _SEPARATE:
            twin = type(node)()
            twin.CopyFrom(node)
            apart.append(twin)
        elif kind in _TIMING and apart:
            apart[-1].constraint.deferrable |= kind != "CONSTR_ATTR_NOT_DEFERRABLE"
            apart[-1].constraint.initdeferred |= kind == "CONSTR_ATTR_DEFERRED"
        else:
            own.append(node)
    return own, apart


def _adding(node: Any, column: Any) -> Any:
    """The command that adds the constraint of *column* as one of its table."""
    constraint = node.constraint
    kind = enum(constraint, "contype")
    target = {"CONSTR_FOREIGN": constraint.fk_attrs, "CONSTR_UNIQUE": constraint.keys}.get(kind)
    if target is not None:
        target.add().string.sval = column.colname
    command = type(node)()
    adding = command.alter_table_cmd
    adding.subtype = enum_value(adding, "subtype", "AT_AddConstraint")
    adding.behavior = enum_value(adding, "behavior", "DROP_RESTRICT")
    getattr(adding, "def").CopyFrom(node)
    return command


def _alter(whole: Any, command: Any) -> str:
    twin = type(whole)()
    twin.CopyFrom(whole)
    del twin.alter_table_stmt.cmds[:]
    twin.alter_table_stmt.cmds.append(command)
    return _pg.deparse_statement(twin)


def _added(sql: str) -> tuple[Any, Any]:
    """The Node of an ADD CONSTRAINT and the constraint in it, for changing."""
    (raw,) = _pg.statements(sql)
    (command,) = raw.stmt.alter_table_stmt.cmds
    return raw.stmt, getattr(command.alter_table_cmd, "def").constraint


def _columns(names: tuple[str, ...]) -> str:
    return ", ".join(map(quote_ident, names))
