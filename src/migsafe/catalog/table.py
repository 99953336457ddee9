"""Tables and columns."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import field
from enum import Enum as PyEnum
from operator import attrgetter

from migsafe.catalog.attached import (
    Constraint,
    ConstraintKind,
    Options,
    Policy,
    Rule,
    Trigger,
)
from migsafe.catalog.marks import Kind
from migsafe.names import Name
from migsafe.pgtypes import CATALOG, TypeRef
from migsafe.values import dataclass, kept, kept_of, replace

_NAMING = re.compile("regclass|nextval|currval|setval", re.IGNORECASE)
"""What has a string name a relation."""
_NAMED = re.compile(r"'(?:[\w$]+\.)?([\w$]+)'")


class TableKind(PyEnum):
    """``pg_class.relkind`` of what can hold rows."""

    TABLE = "r"
    PARTITIONED = "p"
    FOREIGN = "f"


class Identity(PyEnum):
    """``pg_attribute.attidentity``."""

    ALWAYS = "a"
    BY_DEFAULT = "d"


class Rows(PyEnum):
    """What is known about a table's rows; a table nobody has filled yet holds none."""

    NONE = "none"
    SOME = "some"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Generated:
    """A generation expression, stored or (since PostgreSQL 18) virtual."""

    expression: str
    stored: bool = True


@dataclass(frozen=True)
class Column:
    """A column; *default* is the expression text, never a generation expression.

    *collation*, *storage* (PLAIN, EXTERNAL, MAIN, EXTENDED), *compression* (pglz, lz4) and
    *statistics_target* are None while they are the type's or server's own.
    """

    name: str
    type: TypeRef
    not_null: bool = False
    default: str | None = None
    identity: Identity | None = None
    generated: Generated | None = None
    collation: Name | None = None
    storage: str | None = None
    compression: str | None = None
    statistics_target: int | None = None
    options: Options = ()
    inherited: int = 0
    local: bool = True
    acl: tuple[str, ...] = ()
    comment: str | None = None


@dataclass(frozen=True)
class Table:
    """A table with everything that hangs on it but its indexes (see `Catalog.indexes_of`).

    Columns are in the table's order; constraints, triggers, policies and rules by name.
    *access_method* is None for foreign tables and, unless one was said, partitioned ones.
    *options* of a foreign table are those of its wrapper. *unknown* says why this table's shape is
    not known, when a statement touched it that cannot be understood; *rows* is not part of the
    schema and does not count in comparisons.
    """

    name: Name
    columns: tuple[Column, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    policies: tuple[Policy, ...] = ()
    rules: tuple[Rule, ...] = ()
    kind: TableKind = TableKind.TABLE
    persistence: str = "p"  # pg_class.relpersistence
    options: Options = ()
    toast_options: Options = ()
    access_method: str | None = "heap"
    tablespace: str | None = None
    row_security: bool = False
    force_row_security: bool = False
    replica_identity: str = "d"  # pg_class.relreplident
    of_type: Name | None = None
    inherits: tuple[Name, ...] = ()
    partition_key: str | None = None
    partition_of: Name | None = None
    partition_bound: str | None = None
    detach_pending: bool = False
    server: str | None = None
    owner: str | None = None
    acl: tuple[str, ...] = ()
    comment: str | None = None
    unknown: str | None = None
    rows: Rows = field(default=Rows.UNKNOWN, compare=False)

    def column(self, name: str) -> Column | None:
        """The column called *name*, or None."""
        for column in self.columns:
            if column.name == name:
                return column
        return None

    def constraint(self, name: str) -> Constraint | None:
        """The constraint called *name*, or None."""
        for constraint in self.constraints:
            if constraint.name == name:
                return constraint
        return None

    def constraints_of(self, kind: ConstraintKind) -> tuple[Constraint, ...]:
        """All constraints of one kind, in order."""
        return tuple([c for c in self.constraints if c.kind is kind])

    @property
    def primary_key(self) -> Constraint | None:
        """The primary key, or None."""
        for constraint in self.constraints:
            if constraint.kind is ConstraintKind.PRIMARY_KEY:
                return constraint
        return None

    @kept_of("constraints")
    def foreign_keys(self) -> tuple[Constraint, ...]:
        """The foreign keys, in order."""
        return self.constraints_of(ConstraintKind.FOREIGN_KEY)

    @kept_of("columns")
    def typed_columns(self) -> tuple[Column, ...]:
        """The columns whose type is not PostgreSQL's own, or an array of such a type."""
        return tuple([c for c in self.columns if c.type.name.schema != CATALOG])

    @kept_of("columns")
    def defaulted_columns(self) -> tuple[Column, ...]:
        """The columns that have a default."""
        return tuple([c for c in self.columns if c.default is not None])

    @kept_of("columns", "constraints", "policies")
    def texts(self) -> tuple[tuple[str, str, str], ...]:
        """What calls functions, each as what it is, its name and an expression."""
        found: list[tuple[str, str, str | None]]
        found = [("default", c.name, c.default) for c in self.defaulted_columns]
        for column in self.columns:
            if column.generated is not None:
                found.append(("column", column.name, column.generated.expression))
        found += [("constraint", c.name, c.expression) for c in self.constraints if c.expression]
        for policy in self.policies:
            found += [("policy", policy.name, policy.using), ("policy", policy.name, policy.check)]
        return tuple([(kind, name, text) for kind, name, text in found if text and "(" in text])

    @kept
    def marks(self) -> frozenset[Hashable]:
        """What it is looked up by.

        The names that it refers to, those of its constraints, without their schema those that
        defaults have in strings, and its `Kind`.
        """
        marks = [*self._column_marks, *self._constraint_marks, *self.inherits]
        if self.partition_of is not None:
            marks.append(self.partition_of)
        if self.rows is Rows.NONE:
            marks.append(Kind.EMPTY)
        if self.unknown:
            marks.append(Kind.UNKNOWN)
        return frozenset(marks)

    @kept_of("columns")
    def _column_marks(self) -> list[Hashable]:
        marks: list[Hashable] = []
        for column in self.columns:
            if column.type.name.schema != CATALOG:
                marks.append(column.type.name)
            text = column.default
            if text is not None and "'" in text and _NAMING.search(text):
                marks += _NAMED.findall(text)
                if '"' in text:
                    marks.append(Kind.QUOTING)
        return marks

    @kept_of("constraints")
    def _constraint_marks(self) -> list[Hashable]:
        referenced = [c.references for c in self.constraints if c.references is not None]
        return [*(constraint.name for constraint in self.constraints), *referenced]

    def with_column(self, column: Column) -> Table:
        """This table with *column* in the place of the one with its name, or added at the end."""
        if self.column(column.name) is None:
            return replace(self, columns=(*self.columns, column))
        columns = tuple([column if c.name == column.name else c for c in self.columns])
        return replace(self, columns=columns)

    def with_constraint(self, constraint: Constraint) -> Table:
        """This table with *constraint* in the place of the one with its name, or added."""
        others = [c for c in self.constraints if c.name != constraint.name]
        ordered = sorted((*others, constraint), key=attrgetter("name"))
        return replace(self, constraints=tuple(ordered))
