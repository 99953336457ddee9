"""What a table has that Alembic does not bring back when the drop of it is undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from migsafe.autogen import creation
from migsafe.autogen.exclusions import bodies
from migsafe.autogen.numbering import serial_again
from migsafe.autogen.operations import constraint_sql
from migsafe.catalog import Column, Constraint, ConstraintKind, Index, Table
from migsafe.names import Name, quote_ident

if TYPE_CHECKING:
    from migsafe.autogen.found import Found


def details_of(name: Name) -> str:
    """Return the title of the operation that completes the table *name* when it comes back."""
    return f"details of {name.display()}"


def beyond_alembic(state: Found, table: Table) -> list[str]:
    """Return the statements that complete *table* after Alembic has created it again."""
    name = state.written(table.name)
    return [
        *_settings(name, table),
        *(sql for column in table.columns for sql in column_details(name, table, column)),
        *serial_again(state, table),
        *_constraints(state, name, table),
        *(sql for trigger in table.triggers for sql in creation.create_trigger(trigger, name)),
        *(sql for policy in table.policies for sql in creation.create_policy(policy, name)),
        *(sql for rule in table.rules for sql in creation.create_rule(rule, name)),
        *creation.granted(f"TABLE {name}", table.acl, table.owner),
    ]


def _settings(name: Name, table: Table) -> Iterator[str]:
    if table.persistence == "u":
        yield f"ALTER TABLE {name} SET UNLOGGED"
    if table.options:
        options = ", ".join(f"{key} = {value}" for key, value in table.options)
        yield f"ALTER TABLE {name} SET ({options})"
    if table.row_security:
        yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"
    if table.force_row_security:
        yield f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY"


def column_details(name: Name, table: Table, column: Column) -> Iterator[str]:
    """Yield the statements that complete *column* of *table*, now *name*, where it is back."""
    change = f"ALTER TABLE {name} ALTER COLUMN {quote_ident(column.name)}"
    if column.storage is not None:
        yield f"{change} SET STORAGE {column.storage}"
    if column.compression is not None:
        yield f"{change} SET COMPRESSION {column.compression}"
    if column.statistics_target is not None:
        yield f"{change} SET STATISTICS {column.statistics_target}"
    yield from creation.granted(f"TABLE {name}", column.acl, table.owner, column.name)


def _constraints(state: Found, name: Name, table: Table) -> Iterator[str]:
    for constraint_name, body in bodies(state, table).items():
        yield f"ALTER TABLE {name} ADD CONSTRAINT {quote_ident(constraint_name)} {body}"
    for constraint in table.constraints:
        quoted = quote_ident(constraint.name)
        index = state.catalog.indexes.get(Name(table.name.schema, constraint.index or ""))
        if _is_more_than_alembic_writes(constraint, index):
            body = creation.constraint_body(constraint, index)
            yield constraint_sql(name, constraint.name, body)
        yield from creation.commented(f"CONSTRAINT {quoted} ON {name}", constraint.comment)


def _is_more_than_alembic_writes(constraint: Constraint, index: Index | None) -> bool:
    if constraint.kind is ConstraintKind.CHECK:
        return constraint.no_inherit or not constraint.validated or not constraint.enforced
    if constraint.kind is ConstraintKind.FOREIGN_KEY:
        return not constraint.validated or constraint.match != "s" or not constraint.enforced
    if constraint.kind is ConstraintKind.PRIMARY_KEY:
        return constraint.deferrable or bool(index is not None and index.include)
    return constraint.kind is ConstraintKind.UNIQUE and constraint.deferrable
