"""What rows a database holds, in a few numbers a table: enough to say what was lost or changed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from migsafe.catalog import Catalog, Column, Table, TableKind
from migsafe.names import Name, quote_ident
from migsafe.pgtypes import TypeRef

_ASSIGNED = re.compile(r'\bnew\s*\.\s*("[^"]+"|\w+)\s*:?=', re.I)

# A table may have 1,600 columns, and a list of results 1,664 (manual, appendix K).
_AT_ONCE = 800


@dataclass(frozen=True)
class Digest:
    """One table: how many *rows*, per column how many values and a sum of their hashes.

    *whole* is a sum over whole rows: it tells when values are no longer in the same row.
    """

    rows: int
    columns: Mapping[str, tuple[int, int | None]]
    whole: int | None


def digests(
    connection: Any, catalog: Catalog, tables: frozenset[Name] | None = None
) -> dict[Name, Digest]:
    """Read *tables* of *catalog* once, all if None.

    Sums do not depend on the order of rows or columns.
    """
    return {
        table.name: _digest(connection, table, _kept_by_triggers(catalog, table))
        for table in catalog.tables.values()
        if table.kind is not TableKind.FOREIGN and table.partition_of is None
        if tables is None or table.name in tables
    }


def losses(before: Mapping[Name, Digest], after: Mapping[Name, Digest]) -> Iterator[str]:
    """In words, what the tables held *before* and do not hold *after*, or hold otherwise."""
    for name in sorted(before, key=str):
        old, new = before[name], after.get(name)
        if new is None or new == old:
            continue
        if new.rows != old.rows:
            yield f"{_short(name)}: {old.rows} rows, and {new.rows} afterwards"
            continue
        changed = [c for c in old.columns if new.columns.get(c) != old.columns[c]]
        for column in changed:
            yield f"{_short(name)}.{quote_ident(column)}: {_change(old, new, column)}"
        if not changed:
            yield f"{_short(name)}: values are in other rows afterwards"


def _change(old: Digest, new: Digest, column: str) -> str:
    had, has = old.columns[column][0], new.columns.get(column, (0, None))[0]
    if had != has:
        return f"{had} values, and {has} afterwards"
    return f"{had} values, and not the same ones afterwards"


def _kept_by_triggers(catalog: Catalog, table: Table) -> frozenset[str]:
    """Columns that the database itself sets at each UPDATE, as a rule ``updated_at``."""
    functions = {
        trigger.function
        for trigger in table.triggers
        if trigger.row and trigger.timing == "BEFORE" and "UPDATE" in trigger.events
    }
    bodies = [
        f.body or f.definition or "" for (n, _), f in catalog.functions.items() if n in functions
    ]
    assigned = (name for body in bodies for name in _ASSIGNED.findall(body))
    return frozenset(name.strip('"') for name in assigned)


def _digest(connection: Any, table: Table, ignored: frozenset[str]) -> Digest:
    kept = (c for c in table.columns if not c.generated and c.name not in ignored)
    values = {c.name: _comparable(c) for c in sorted(kept, key=lambda c: c.name)}
    only = "" if table.kind is TableKind.PARTITIONED else "ONLY "
    source = f"FROM {only}{table.name}"
    sums = ["count(*)", _sum(f"ROW({', '.join(values.values())})")]
    rows, whole = connection.execute(f"SELECT {', '.join(sums)} {source}").fetchone()
    found: dict[str, tuple[int, int | None]] = {}
    for first in range(0, len(values), _AT_ONCE):
        some = dict(itertools.islice(values.items(), first, first + _AT_ONCE))
        parts = (f"count({quote_ident(column)}), {_sum(some[column])}" for column in some)
        row = connection.execute(f"SELECT {', '.join(parts)} {source}").fetchone()
        found |= {column: (row[2 * n], row[2 * n + 1]) for n, column in enumerate(some)}
    return Digest(rows, found, whole)


def _comparable(column: Column) -> str:
    """The expression of *column* in which equal values have equal texts."""
    name = quote_ident(column.name)
    if column.type != TypeRef.builtin("json"):
        return name
    # json keeps blanks and the order of keys, which a way through jsonb does not; that in turn
    # has no NUL (manual, 8.14).
    return (
        rf"CASE WHEN {name}::text LIKE '%\\u0000%' THEN {name}::text ELSE {name}::jsonb::text END"
    )


def _sum(value: str) -> str:
    return f"sum(hashtextextended({value}::text, 0))"


def _short(name: Name) -> str:
    """As people write it: without the schema public."""
    return quote_ident(name.name) if name.schema == "public" else str(name)
