"""Sample queries of a table: what its keys and indexes are made to answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migsafe.catalog import Column, Enum, Table, TableKind
from migsafe.models.conventions import CREATED, UPDATED, is_time
from migsafe.models.rule import Design
from migsafe.models.serving import foreign_keys, key_columns
from migsafe.names import quote_ident
from migsafe.pgtypes import TypeRef

_FILTERS = 3


@dataclass(frozen=True)
class Query:
    """A statement with ``:name`` for what is given, and the types of those *parameters*."""

    title: str
    sql: str
    parameters: tuple[tuple[str, str], ...]


def queries(design: Design, table: Table) -> tuple[Query, ...]:
    """What is usually asked of *table* and done with its rows, each statement ready to run."""
    return tuple(_Writer(design, table).all())


class _Writer:
    """Writes the statements of one table."""

    def __init__(self, design: Design, table: Table):
        self._design = design
        self._table = table
        self._name = _shown(table)
        primary = table.primary_key
        names = primary.columns if primary is not None else ()
        self._key = [c for c in map(table.column, names) if c is not None]
        mark = table.column(design.settings.deleted_at)
        self._parameters = _parameters(table.columns)
        self._mark = mark if mark is not None and is_time(mark) and not mark.not_null else None

    def all(self) -> Iterator[Query]:
        if self._key:
            yield self._query("One row", self._select(self._equal(self._key)), self._key)
        yield from self._by_parent()
        yield from self._filters()
        if self._key:
            yield self._page()
        yield self._insert()
        if self._key:
            yield from self._update()
            yield self._delete()

    def _query(self, title: str, sql: str, given: Sequence[Column]) -> Query:
        types = tuple((self._parameter(column), str(column.type)) for column in given)
        return Query(title, sql, tuple(dict.fromkeys(types)))

    def _parameter(self, column: Column) -> str:
        return self._parameters[column.name]

    def _equal(self, columns: Sequence[Column]) -> str:
        return " AND ".join(f"{quote_ident(c.name)} = :{self._parameter(c)}" for c in columns)

    def _select(self, *conditions: str, order: str = "", limit: str = "") -> str:
        columns = ", ".join(quote_ident(column.name) for column in self._table.columns)
        there = [f"{quote_ident(self._mark.name)} IS NULL"] if self._mark is not None else []
        lines = [f"SELECT {columns}", f"FROM {self._name}"]
        lines += [f"WHERE {' AND '.join((*conditions, *there))}"]
        lines += [f"ORDER BY {order}"] if order else []
        lines += [f"LIMIT {limit}"] if limit else []
        return "\n".join(lines)

    def _by_parent(self) -> Iterator[Query]:
        seen = set()
        for key in foreign_keys(self._table):
            columns = [c for c in map(self._table.column, key.columns) if c is not None]
            if key.references is None or key.columns in seen or columns == self._key:
                continue
            seen.add(key.columns)
            order = _listed(self._key)
            sql = self._select(self._equal(columns), order=order)
            through = f" by {', '.join(key.columns)}"
            yield self._query(f"Of one row of {key.references.display()}{through}", sql, columns)
        referring = {column for key in foreign_keys(self._table) for column in key.columns}
        for owner in self._design.settings.owners:
            column = self._table.column(owner)
            if column is not None and owner not in referring and column not in self._key:
                sql = self._select(self._equal([column]), order=_listed(self._key))
                yield self._query(f"Of one {owner.removesuffix('_id')}", sql, [column])

    def _filters(self) -> Iterator[Query]:
        for column in self._filtered()[:_FILTERS]:
            name, given = quote_ident(column.name), f":{self._parameter(column)}"
            title = f"By {column.name}"
            if column.type.name.name == "tsvector":
                condition = f"{name} @@ websearch_to_tsquery({given})"
                sql = self._select(condition, order=_listed(self._key))
                yield Query(title, sql, ((self._parameter(column), "text"),))
                continue
            sign = "@>" if column.type.dimensions or column.type.name.name == "jsonb" else "="
            sql = self._select(f"{name} {sign} {given}", order=_listed(self._key))
            yield self._query(title, sql, [column])

    def _filtered(self) -> list[Column]:
        """Columns that an index begins with, then those with one of a few values."""
        referring = {column for key in foreign_keys(self._table) for column in key.columns}
        own = {column.name for column in self._key}
        found: dict[str, Column] = {}
        for index in self._design.catalog.indexes_of(self._table.name):
            first = key_columns(index)[0]
            column = self._table.column(first) if first is not None else None
            exact = index.method in ("btree", "hash") or (
                index.method == "gin" and column is not None and _is_contained(column)
            )
            if column is not None and exact and column.name not in referring | own:
                found.setdefault(column.name, column)
        for column in self._table.columns:
            type_ = self._design.catalog.types.get(column.type.name)
            few = isinstance(type_, Enum) or column.type == TypeRef.builtin("bool")
            if few and not column.type.dimensions and column.name not in referring | own:
                found.setdefault(column.name, column)
        return [c for c in found.values() if c is not self._mark]

    def _page(self) -> Query:
        """Keyset pagination: the next rows after the last one that was seen."""
        made = [c for c in self._table.columns if c.name in CREATED and is_time(c) and c.not_null]
        keys = [*made[:1], *(column for column in self._key if column not in made[:1])]
        way, sign = (" DESC", "<") if made else ("", ">")
        order = ", ".join(f"{quote_ident(column.name)}{way}" for column in keys)
        given = ", ".join(f":{self._parameter(column)}" for column in keys)
        row = (
            f"({_listed(keys)}) {sign} ({given})"
            if len(keys) > 1
            else f"{quote_ident(keys[0].name)} {sign} {given}"
        )
        found = self._query("The next page", self._select(row, order=order, limit=":limit"), keys)
        return Query(found.title, found.sql, (*found.parameters, ("limit", "bigint")))

    def _insert(self) -> Query:
        given = [c for c in self._table.columns if c.not_null and not _fills_itself(c)]
        back = f"\nRETURNING {_listed(self._key)}" if self._key else ""
        if not given:
            return Query("A new row", f"INSERT INTO {self._name} DEFAULT VALUES{back}", ())
        values = ", ".join(f":{self._parameter(column)}" for column in given)
        sql = f"INSERT INTO {self._name} ({_listed(given)})\nVALUES ({values}){back}"
        return self._query("A new row", sql, given)

    def _update(self) -> Iterator[Query]:
        keys = {column.name for column in self._key}
        referring = {column for key in foreign_keys(self._table) for column in key.columns}
        times = {*CREATED, *UPDATED, self._design.settings.deleted_at}
        fit = [c for c in self._table.columns if c.name not in keys | times and c.generated is None]
        chosen = next((c for c in fit if c.name not in referring), None)
        if chosen is None:
            return
        sets = f"{quote_ident(chosen.name)} = :{self._parameter(chosen)}"
        stamp = [c for c in self._table.columns if c.name in UPDATED and is_time(c)]
        sets += "".join(f", {quote_ident(column.name)} = now()" for column in stamp)
        sql = f"UPDATE {self._name}\nSET {sets}\nWHERE {self._equal(self._key)}"
        yield self._query("A change", sql, [chosen, *self._key])

    def _delete(self) -> Query:
        if self._mark is None:
            sql = f"DELETE FROM {self._name}\nWHERE {self._equal(self._key)}"
            return self._query("A row less", sql, self._key)
        mark = quote_ident(self._mark.name)
        where = f"{self._equal(self._key)} AND {mark} IS NULL"
        sql = f"UPDATE {self._name}\nSET {mark} = now()\nWHERE {where}"
        return self._query("Mark a row as deleted", sql, self._key)


def _shown(table: Table) -> str:
    return table.name.display() if table.kind is not TableKind.FOREIGN else str(table.name)


def _is_contained(column: Column) -> bool:
    """Whether the usual question of the type is what it contains."""
    return bool(column.type.dimensions) or column.type.name.name in ("jsonb", "tsvector")


def _fills_itself(column: Column) -> bool:
    return bool(column.default or column.identity or column.generated)


def _parameters(columns: Sequence[Column]) -> dict[str, str]:
    """A parameter for each column, by its name: letters of ASCII, and none of them twice."""
    found: dict[str, str] = {}
    used = {"limit"}  # which pages have
    for column in sorted(columns, key=lambda one: re.search(r"\W", one.name, re.ASCII) is not None):
        name = re.sub(r"\W", "_", column.name, flags=re.ASCII)
        name = base = name if re.match(r"[A-Za-z_]", name) else f"_{name}"
        number = 2
        while name in used:
            name, number = f"{base}_{number}", number + 1
        used.add(name)
        found[column.name] = name
    return found


def _listed(columns: Sequence[Column]) -> str:
    return ", ".join(quote_ident(column.name) for column in columns)
