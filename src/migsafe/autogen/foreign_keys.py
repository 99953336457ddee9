"""Comparing foreign keys in everything that can be said of them, and where they go in a script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import ops
from alembic.util.sqla_compat import _get_constraint_final_name
from sqlalchemy.sql.elements import conv

from migsafe.autogen.creation import ACTIONS, commented, constraint_body, validated
from migsafe.autogen.found import Found, wanted_tables
from migsafe.autogen.info import said
from migsafe.autogen.naming import CommentWithOp, comment_with, rename_constraint
from migsafe.autogen.operations import DropConstraintSqlOp, constraint_sql
from migsafe.autogen.placing import operations_on
from migsafe.catalog import Constraint, ConstraintKind, Table
from migsafe.names import Name, quote_ident

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

_LETTERS = {word: letter for letter, word in ACTIONS.items()}
_ACTION = re.compile(r"(?P<action>[A-Z]+(?: [A-Z]+)?)\s*(?:\((?P<columns>.*)\))?\Z", re.I | re.S)
_MATCHES = {"SIMPLE": "s", "FULL": "f", "PARTIAL": "p"}


class AddForeignKeySqlOp(CommentWithOp):
    """Add a foreign key that Alembic has no word for, after the keys that it is about."""

    def __init__(self, table: Name, name: str, body: str, comment: str | None):
        self.table, self.name, self.body, self.comment = table, name, body, comment
        up = _added(table, name, body, comment)
        super().__init__(f"add {name}", up, [constraint_sql(table, name, None)])

    def reverse(self) -> DropForeignKeySqlOp:  # type: ignore[override]
        """Drop it again."""
        return DropForeignKeySqlOp(self.table, self.name, self.body, self.comment)


class DropForeignKeySqlOp(DropConstraintSqlOp):
    """Drop a foreign key that Alembic has no word for, before the keys that it is about."""

    def __init__(self, table: Name, name: str, body: str, comment: str | None):
        super().__init__(table, name, body)
        self.body, self.comment = body, comment
        self.down = _added(table, name, body, comment)

    def reverse(self) -> AddForeignKeySqlOp:
        """Add it again."""
        return AddForeignKeySqlOp(self.table, self.name, self.body, self.comment)


def _added(table: Name, name: str, body: str, comment: str | None) -> tuple[str, ...]:
    what = f"CONSTRAINT {quote_ident(name)} ON {table}"
    return (constraint_sql(table, name, body), *commented(what, comment))


@dataclass(frozen=True)
class Pair:
    """A foreign key of the metadata, as the catalog would have it, and the one found for it."""

    constraint: sa.ForeignKeyConstraint
    wanted: Constraint
    live: Constraint


def compare_foreign_keys(
    context: AutogenContext, state: Found, upgrade_ops: ops.UpgradeOps
) -> None:
    """Add and correct the operations on the foreign keys of tables that exist."""
    for table in wanted_tables(context):
        live = state.table(table)
        if live is None or live.partition_of is not None:
            continue
        container = operations_on(upgrade_ops, table)
        for pair in _pairs(state, table, live):
            steps = list(_steps(state, live, pair))
            about = any(_is_about(state, op, pair) for op in container.ops)
            if (steps or about) and context.run_object_filters(
                pair.constraint,
                pair.wanted.name,
                "foreign_key_constraint",
                False,
                restored(state, live, pair.live),
            ):
                container.ops[:] = [op for op in container.ops if not _is_about(state, op, pair)]
                container.ops += steps
        container.ops[:] = [
            op for old in container.ops for op in _complete(state, table, live, old)
        ]


def wanted_foreign_key(state: Found, constraint: sa.ForeignKeyConstraint, name: str) -> Constraint:
    """Return *constraint* of the metadata as the catalog would have it, under *name*.

    Raises sqlalchemy.exc.NoReferencedTableError when the metadata lacks the table it is about.
    """
    target = constraint.referred_table
    action, columns = _action(constraint.ondelete)
    return Constraint(
        name,
        ConstraintKind.FOREIGN_KEY,
        tuple(str(element.parent.name) for element in constraint.elements),
        references=state.name(target.name, target.schema),
        referenced_columns=tuple(str(element.column.name) for element in constraint.elements),
        match=_MATCHES.get((constraint.match or "SIMPLE").upper(), "s"),
        on_delete=action,
        on_delete_columns=columns,
        on_update=_action(constraint.onupdate)[0],
        deferrable=bool(constraint.deferrable or constraint.initially),
        deferred=(constraint.initially or "").upper() == "DEFERRED",
        validated=not constraint.dialect_options["postgresql"]["not_valid"],
        enforced=said(constraint, "enforced") is not False,
        comment=constraint.comment,
    )


def _action(text: str | None) -> tuple[str, tuple[str, ...]]:
    match = _ACTION.match((text or "NO ACTION").strip())
    if match is None:
        return "a", ()
    names = [name.strip() for name in (match["columns"] or "").split(",") if name.strip()]
    bare = tuple(n[1:-1].replace('""', '"') if n.startswith('"') else n.lower() for n in names)
    return _LETTERS.get(" ".join(match["action"].upper().split()), "a"), bare


def restored(state: Found, table: Table, found: Constraint) -> sa.ForeignKeyConstraint:
    """Return a foreign key of the catalog for SQLAlchemy, to be created again as it is."""
    metadata = sa.MetaData()
    name, target = state.written(table.name), state.written(found.references or table.name)
    columns = [sa.Column(column, sa.types.NullType()) for column in found.columns]
    owner = sa.Table(name.name, metadata, *columns, schema=name.schema)
    if target != name:
        others = [sa.Column(column, sa.types.NullType()) for column in found.referenced_columns]
        sa.Table(target.name, metadata, *others, schema=target.schema)
    else:
        for column in found.referenced_columns:
            if column not in owner.c:
                owner.append_column(sa.Column(column, sa.types.NullType()))
    delete = ACTIONS[found.on_delete] if found.on_delete != "a" else None
    if delete and found.on_delete_columns:
        delete += f" ({', '.join(quote_ident(column) for column in found.on_delete_columns)})"
    valid: dict[str, Any] = {} if found.validated else {"postgresql_not_valid": True}
    made = sa.ForeignKeyConstraint(
        list(found.columns),
        [metadata.tables[_key(target)].c[column] for column in found.referenced_columns],
        name=conv(found.name),
        onupdate=ACTIONS[found.on_update] if found.on_update != "a" else None,
        ondelete=delete,
        deferrable=True if found.deferrable else None,
        initially="DEFERRED" if found.deferred else None,
        match="FULL" if found.match == "f" else None,
        **valid,
    )
    owner.append_constraint(made)
    return made


def _key(name: Name) -> str:
    return f"{name.schema}.{name.name}" if name.schema else name.name


def _pairs(state: Found, table: sa.Table, live: Table) -> Iterator[Pair]:
    left = [c for c in live.foreign_keys if c.local]
    wanted: list[tuple[sa.ForeignKeyConstraint, str | None]] = []
    for constraint in table.foreign_key_constraints:
        name = _get_constraint_final_name(constraint, state.dialect)
        wanted.append((constraint, name and str(name)))
    wanted.sort(key=lambda item: (item[1] is None, item[1] or "", item[0].column_keys))
    for exactly in (True, False):
        for constraint, name in list(wanted):
            for old in left:
                if exactly and name != old.name:
                    continue
                try:
                    mine = wanted_foreign_key(state, constraint, name or old.name)
                except sa.exc.NoReferencedTableError:
                    break
                if _links(mine) == _links(old):
                    wanted.remove((constraint, name))
                    left.remove(old)
                    yield Pair(constraint, mine, old)
                    break


def _links(constraint: Constraint) -> object:
    columns = zip(constraint.columns, constraint.referenced_columns, strict=False)
    return constraint.references, frozenset(columns)


def _is_about(state: Found, op: Any, pair: Pair) -> bool:
    if isinstance(op, ops.CreateForeignKeyOp):
        target = state.name(op.referent_table, op.kw.get("referent_schema"))
        columns = frozenset(zip(op.local_cols, op.remote_cols, strict=False))
        return (target, columns) == _links(pair.wanted)
    return isinstance(op, ops.DropConstraintOp) and op.constraint_name == pair.live.name


def _steps(state: Found, table: Table, pair: Pair) -> Iterator[ops.MigrateOperation]:
    old, new = pair.live, pair.wanted
    name = state.written(table.name)
    if _does(old) == _does(new):
        yield from rename_constraint(name, old, new)
        if not old.validated and old.enforced and new.validated:
            yield validated(name, replace(old, name=new.name))
    elif not (old.enforced and new.enforced):
        yield DropForeignKeySqlOp(name, old.name, constraint_body(old, None), old.comment)
        yield AddForeignKeySqlOp(name, new.name, constraint_body(new, None), new.comment)
    else:
        yield from comment_with(name, old, up=False)
        yield ops.DropConstraintOp.from_constraint(restored(state, table, old))
        yield _created(pair.constraint, new.name)
        yield from comment_with(name, new, up=True)


def _does(constraint: Constraint) -> Constraint:
    """Return *constraint* without what can be changed by itself, columns in one order."""
    links = sorted(zip(constraint.columns, constraint.referenced_columns, strict=False))
    return replace(
        constraint,
        name="",
        comment=None,
        validated=True,
        inherited=0,
        no_inherit=False,  # It is set on every foreign key, and means nothing.
        index=None,
        columns=tuple(column for column, _ in links),
        referenced_columns=tuple(column for _, column in links),
    )


def _created(constraint: sa.ForeignKeyConstraint, name: str) -> ops.MigrateOperation:
    op: Any = ops.CreateForeignKeyOp.from_constraint(constraint)
    op.constraint_name = conv(name)
    op.kw.pop("use_alter", None)
    return op  # type: ignore[no-any-return]


def _complete(
    state: Found, wanted: sa.Table, table: Table, op: Any
) -> Iterator[ops.MigrateOperation]:
    """Yield *op* with the comment of a new foreign key, and its own way back of a dropped one."""
    name = state.written(table.name)
    if isinstance(op, ops.CreateForeignKeyOp) and op.constraint_name:
        mine = (
            wanted_foreign_key(state, constraint, str(op.constraint_name))
            for constraint in wanted.foreign_key_constraints
            if _get_constraint_final_name(constraint, state.dialect) == op.constraint_name
        )
        new = next(mine, None)
        if new is None or new.enforced:
            yield op
        else:  # Alembic has no word for it.
            yield AddForeignKeySqlOp(name, new.name, constraint_body(new, None), new.comment)
            return
        if new is not None:
            yield from comment_with(name, new, up=True)
        return
    old = table.constraint(str(op.constraint_name)) if is_foreign_drop(op) else None
    if old is None or old.kind is not ConstraintKind.FOREIGN_KEY:
        if not is_foreign_drop(op):  # What the catalog lacks is a key's part for one partition.
            yield op
        return
    yield from left(state, table, old)


def left(state: Found, table: Table, old: Constraint) -> Iterator[ops.MigrateOperation]:
    """Yield the drop of the foreign key *old* of *table*, with its own way back."""
    name = state.written(table.name)
    if not old.enforced:
        yield DropForeignKeySqlOp(name, old.name, constraint_body(old, None), old.comment)
        return
    yield from comment_with(name, old, up=False)
    yield ops.DropConstraintOp.from_constraint(restored(state, table, old))


def is_foreign_drop(op: Any) -> bool:
    return isinstance(op, ops.DropConstraintOp) and op.constraint_type == "foreignkey"
