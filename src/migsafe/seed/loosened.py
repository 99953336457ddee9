"""Rows that came before a constraint that is NOT VALID: they need not satisfy it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from migsafe.catalog import Catalog, Constraint, ConstraintKind, Table
from migsafe.names import quote_ident
from migsafe.seed.hostile import Hostile

_BROKEN_BY = {
    ConstraintKind.CHECK: Hostile.CHECKS,
    ConstraintKind.FOREIGN_KEY: Hostile.ORPHANS,
    ConstraintKind.NOT_NULL: Hostile.NULLS,
}
_NOT_VALID = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE NOT convalidated AND contype::text = ANY(%s) AND conrelid <> 0 AND coninhcount = 0
ORDER BY 1, 2
"""


@contextmanager
def loosened(connection: Any, catalog: Catalog, kinds: Collection[Hostile]) -> Iterator[Catalog]:
    """Take away, for the time of the block, the constraints that are NOT VALID.

    Those are, of all in the database of *connection*, the ones that rows of *kinds* do not
    satisfy. Yields *catalog* without them.
    """
    broken = [kind for kind, by in _BROKEN_BY.items() if by in kinds]
    letters = [kind.value for kind in broken]
    found = connection.execute(_NOT_VALID, [letters]).fetchall() if letters else []
    for table, name, _ in found:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {quote_ident(name)}".encode())
    yield catalog.with_tables([_without(t, broken) for t in unsure(catalog)]) if found else catalog
    for table, name, definition in found:
        add = f"ALTER TABLE {table} ADD CONSTRAINT {quote_ident(name)} {definition}"
        connection.execute(add.encode())


def unsure(catalog: Catalog) -> Iterator[Table]:
    """The tables of *catalog* that have a constraint which is NOT VALID."""
    for table in catalog.tables.values():
        if not all(constraint.validated for constraint in table.constraints):
            yield table


def _without(table: Table, kinds: Collection[ConstraintKind]) -> Table:
    gone = [c for c in table.constraints if not c.validated and c.kind in kinds]
    nullable = {name for c in gone if c.kind is ConstraintKind.NOT_NULL for name in c.columns}
    columns = (replace(c, not_null=c.not_null and c.name not in nullable) for c in table.columns)
    kept: tuple[Constraint, ...] = tuple(c for c in table.constraints if c not in gone)
    return replace(table, columns=tuple(columns), constraints=kept)
