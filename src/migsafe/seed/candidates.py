"""Candidate rows of a table: a query whose rows satisfy every constraint but the unique ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from migsafe.catalog import Catalog, Column, Constraint, ConstraintKind, Domain, Table
from migsafe.names import Name, quote_ident
from migsafe.pgtypes import TypeRef
from migsafe.seed.constants import constants_of
from migsafe.seed.hostile import Hostile, hostile_values
from migsafe.seed.values import Values

_NUMBER = "migsafe_number"
_KEYS = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE, ConstraintKind.EXCLUDE)


class Impossible(Exception):
    """A table cannot be filled; the text says why."""


@dataclass(frozen=True)
class Candidates:
    """How candidate rows of one table are made.

    *columns* are filled from *expressions*; *absent* ones fill themselves; rows satisfy *checks*.
    """

    table: Table
    columns: tuple[Column, ...]
    expressions: tuple[str, ...]
    types: tuple[TypeRef, ...]
    absent: tuple[Column, ...]
    joins: tuple[str, ...]
    checks: tuple[str, ...]

    def insert(self, first: int, last: int, limit: int) -> str:
        """The statement that inserts up to *limit* of the candidates *first* to *last*."""
        names = ", ".join(quote_ident(column.name) for column in self.columns)
        made = ", ".join(
            f"({expression})::{kind} AS {quote_ident(column.name)}"
            for expression, kind, column in zip(
                self.expressions, self.types, self.columns, strict=True
            )
        )
        absent = "".join(f", NULL::{c.type} AS {quote_ident(c.name)}" for c in self.absent)
        where = " AND ".join(self.checks) or "true"
        return (
            f"INSERT INTO {self.table.name} ({names}) SELECT {names} FROM ("
            f"SELECT made.*{absent} FROM (SELECT {made}, g AS {_NUMBER} "
            f"FROM generate_series({first}, {last}) AS g {' '.join(self.joins)}) made) candidate "
            # A join may bring those of the same parent together.
            f"WHERE {where} ORDER BY {_NUMBER} LIMIT {limit}"
            f"{'' if self._is_deferred else ' ON CONFLICT DO NOTHING'}"
        )

    @property
    def _is_deferred(self) -> bool:
        """Whether ON CONFLICT is an error, as it is beside a deferrable key."""
        return any(
            constraint.deferrable and constraint.kind in _KEYS
            for constraint in self.table.constraints
        )


@dataclass
class Maker:
    """Makes the candidates of each table of *catalog*, which may be those of *later*, too."""

    connection: Any
    catalog: Catalog
    later: Catalog
    texts: tuple[str, ...] = ()
    fitting: bool = False
    hostile: tuple[Hostile, ...] = ()
    random: Random = field(default_factory=lambda: Random(1))

    def __post_init__(self) -> None:
        self.values = Values(self.catalog, self.random)
        self._counts: dict[Name, int] = {}

    def candidates(self, table: Table) -> Candidates:
        """How rows of *table* are made; raises Impossible when they cannot be."""
        absent = tuple(c for c in table.columns if c.generated or c.identity)
        columns = tuple(c for c in table.columns if c not in absent)
        checks = tuple(dict.fromkeys((*self._checks(table), *self._partition_check(table))))
        domains = [text for column in columns for text in self._domain_checks(column)]
        given, joins = self._referring(table)
        expressions = tuple(
            given.get(column.name) or self._expression(column, table, checks) for column in columns
        )
        wheres = (f"({check}) IS NOT FALSE" for check in (*checks, *domains))
        types = tuple(self._base(column.type) for column in columns)
        return Candidates(table, columns, expressions, types, absent, joins, tuple(wheres))

    def _checks(self, table: Table) -> Iterator[str]:
        """The CHECKs of now, and those of later that can be asked now."""
        then = self.later.tables.get(table.name, table)
        for shape in (table, then):
            same = {column.name for column in shape.columns if _has_alike(table, column)}
            checks = shape.constraints_of(ConstraintKind.CHECK)
            for constraint in checks if self._must_suit(shape, table, Hostile.CHECKS) else ():
                if constraint.expression is not None and same.issuperset(constraint.columns):
                    yield constraint.expression
            for column in shape.columns if self._must_suit(shape, table, Hostile.NULLS) else ():
                found = table.column(column.name)
                if column.not_null and found and not (found.generated or found.identity):
                    yield f"{quote_ident(column.name)} IS NOT NULL"

    def _must_suit(self, shape: Table, table: Table, kind: Hostile) -> bool:
        return shape is table or kind not in self.hostile

    def _partition_check(self, table: Table) -> Iterator[str]:
        if table.partition_of is not None:
            query = "SELECT pg_get_partition_constraintdef(%s::regclass)"
            row = self.connection.execute(query, [str(table.name)]).fetchone()
            yield from filter(None, row)

    def _base(self, ref: TypeRef) -> TypeRef:
        """The type under a domain: candidates have it, so that CHECKs filter and do not fail."""
        found = None if ref.dimensions else self.catalog.type(ref.name)
        return self._base(found.base) if isinstance(found, Domain) else ref

    def _domain_checks(self, column: Column) -> Iterator[str]:
        found = self.catalog.type(column.type.name) if not column.type.dimensions else None
        name = quote_ident(column.name)
        while isinstance(found, Domain):
            for constraint in found.constraints:
                yield re.sub(r"\bVALUE\b", lambda _: name, constraint.expression)
            if found.not_null:
                yield f"{name} IS NOT NULL"
            found = self.catalog.type(found.base.name)

    def _expression(self, column: Column, table: Table, checks: Sequence[str]) -> str:
        """An expression that picks one of the column's values by the row's number."""
        if column.default is not None and "nextval(" in column.default:
            return column.default
        texts = [check for check in checks if _mentions(check, column.name)]
        texts += [text for text in self.texts if _mentions(text, column.name)]
        if column.default is not None:
            texts.append(column.default)
        fitting = [*self._of_later(column, table, texts)]
        pool = fitting or [*self.values.of(column.type, constants_of(texts))]
        if not pool:
            if column.default is None and column.not_null:
                raise Impossible(f"no values are known for {column.name} {column.type}")
            return column.default or "NULL"
        is_unique = self._is_unique(table, column)
        if is_unique:
            pool += [value for value in pool if "{g}" in value] * 3
        elif not column.not_null:
            pool += ["NULL"] * max(1, len(pool) // 4)
        salt = self.random.randrange(10**6)
        usual = _picked(pool, salt)
        if self.hostile:
            indexed = self._is_indexed(table, column)
            ref = self._base(column.type)
            odd = () if fitting else hostile_values(ref, self.hostile, indexed=indexed)
            usual = self._with_odd(usual, odd, salt, pool[0], column.not_null, is_unique)
        return usual.replace("{g}", "(g)")

    def _with_odd(
        self,
        usual: str,
        odd: Sequence[str],
        salt: int,
        first: str,
        not_null: bool,
        is_unique: bool,
    ) -> str:
        """Of twenty rows three are equal in all columns, and each value of *odd* is in one."""
        odd = [*odd, *(["NULL"] if Hostile.NULLS in self.hostile and not not_null else [])]
        cases = " ".join(f"WHEN {place} THEN {value}" for place, value in enumerate(odd))
        if cases:
            usual = f"CASE (g + {salt}) % 17 {cases} ELSE {usual} END"
        if Hostile.DUPLICATES in self.hostile and not is_unique:
            usual = f"CASE WHEN g % 20 < 3 THEN {first.replace('{g}', '1')} ELSE {usual} END"
        return usual

    def _of_later(self, column: Column, table: Table, texts: Sequence[str]) -> Iterator[str]:
        """Values of the type that the column will have, as its present type can hold them."""
        now = self.later.tables.get(table.name) if self.fitting else None
        changed = now.column(column.name) if now is not None else None
        if changed is None or changed.type == column.type or self.later.type(changed.type.name):
            return
        base = self._base(column.type)
        for value in self.values.of(changed.type, constants_of(texts)):
            yield f"({value})::text::{base}"

    def _is_indexed(self, table: Table, column: Column) -> bool:
        """Whether an index of now holds the column's values."""
        for index in self.catalog.indexes_of(table.name):
            held = (*index.include, *(key.column or key.expression or "" for key in index.keys))
            if any(_mentions(one, column.name) for one in held):
                return True
        return False

    def _is_unique(self, table: Table, column: Column) -> bool:
        later = () if Hostile.DUPLICATES in self.hostile else (self.later,)
        for catalog in (self.catalog, *later):
            for index in catalog.indexes_of(table.name):
                if index.unique and [key.column for key in index.keys] == [column.name]:
                    return True
        return False

    def _referring(self, table: Table) -> tuple[dict[str, str], tuple[str, ...]]:
        """Expressions for the columns of foreign keys, and the joins that they come from."""
        given: dict[str, str] = {}
        joins: list[str] = []
        for key in sorted(self._keys(table), key=lambda key: -len(key.columns)):
            if key.references is None or all(column in given for column in key.columns):
                continue
            parents = self.count(key.references)
            if parents:
                joins.append(self._join(key, len(joins), parents))
            for place, name in enumerate(key.columns):
                column = table.column(name)
                if parents:
                    parent = f"p{len(joins) - 1}.k{place}"
                    if Hostile.NULLS in self.hostile and column and not column.not_null:
                        parent = f"CASE WHEN g % 5 = 0 THEN NULL ELSE {parent} END"
                    given.setdefault(name, parent)
                elif column is not None and not column.not_null:
                    given.setdefault(name, "NULL")
                elif key.references != table.name and not _may_be_absent(table, key):
                    raise Impossible(f"{key.references} is empty")
        return given, tuple(joins)

    def _keys(self, table: Table) -> Iterator[Constraint]:
        yield from table.constraints_of(ConstraintKind.FOREIGN_KEY)
        orphans = Hostile.ORPHANS in self.hostile
        now = None if orphans else self.later.tables.get(table.name)
        for key in now.constraints_of(ConstraintKind.FOREIGN_KEY) if now is not None else ():
            parent = self.catalog.tables.get(key.references) if key.references else None
            columns = [table.column(name) for name in key.columns]
            if parent and all((*columns, *map(parent.column, key.referenced_columns))):
                yield key

    def _join(self, key: Constraint, number: int, parents: int) -> str:
        """Give each row a parent: the rows of the other table by number, over and over again."""
        columns = ", ".join(
            f"{quote_ident(column)} AS k{place}"
            for place, column in enumerate(key.referenced_columns)
        )
        turn = f"(g * {(1, 3, 7, 11)[number % 4]} + {number}) % {parents}"
        return (
            f"LEFT JOIN (SELECT {columns}, row_number() OVER () - 1 AS number "
            f"FROM {key.references}) p{number} ON p{number}.number = {turn}"
        )

    def count(self, table: Name) -> int:
        """How many rows *table* holds, or, once it has some, has held: rows only get more."""
        if not self._counts.get(table):
            row = self.connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            self._counts[table] = int(row[0])
        return self._counts[table]


def _may_be_absent(table: Table, key: Constraint) -> bool:
    """Whether a NULL in some column of *key* lets a row refer to none (MATCH SIMPLE)."""
    columns = (table.column(name) for name in key.columns)
    return key.match == "s" and any(column and not column.not_null for column in columns)


def _has_alike(table: Table, column: Column) -> bool:
    found = table.column(column.name)
    return found is not None and found.type == column.type


def _mentions(text: str, name: str) -> bool:
    return re.search(rf'(?<![\w"]){re.escape(name)}(?![\w])|"{re.escape(name)}"', text) is not None


def _picked(pool: Sequence[str], salt: int) -> str:
    if len(pool) == 1:
        return pool[0]
    cases = " ".join(f"WHEN {place} THEN {value}" for place, value in enumerate(pool))
    return f"CASE abs(hashint8(g::bigint * 1000003 + {salt})::bigint) % {len(pool)} {cases} END"
