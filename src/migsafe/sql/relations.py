"""Statements that make, rename or drop relations: tables, indexes, views and sequences."""

from __future__ import annotations

from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql.actions import Action
from migsafe.sql.parts import (
    NO_OPTIONS,
    ColumnDef,
    ConstraintDef,
    Expression,
    FunctionCall,
    IndexElement,
    LikeClause,
    ObjectKind,
    Option,
    PartitionKey,
    SequenceOptions,
    Statement,
    Target,
)
from migsafe.sql.scopes import Mention
from migsafe.values import dataclass, kept_of


@dataclass(frozen=True)
class CreateTable(Statement):
    """CREATE TABLE and CREATE FOREIGN TABLE (*server* is then set).

    *constraints* are the table's own; those of a column are in its ColumnDef, all of them together
    in *all_constraints*. *persistence* is permanent, unlogged or temporary. *partition_bound* is
    the text after the parent's name, such as ``DEFAULT`` or ``FOR VALUES IN (1)``.
    """

    name: Name
    columns: tuple[ColumnDef, ...] = ()
    constraints: tuple[ConstraintDef, ...] = ()
    like: tuple[LikeClause, ...] = ()
    inherits: tuple[Name, ...] = ()
    partition_of: Name | None = None
    partition_bound: str | None = None
    partition_by: PartitionKey | None = None
    persistence: str = "permanent"
    options: tuple[Option, ...] = ()
    of_type: Name | None = None
    tablespace: str | None = None
    method: str | None = None
    on_commit: str | None = None
    if_not_exists: bool = False
    server: str | None = None

    @kept_of("columns", "constraints")
    def all_constraints(self) -> tuple[ConstraintDef, ...]:
        """The constraints of the columns, then those of the table."""
        return (*(c for column in self.columns for c in column.constraints), *self.constraints)


@dataclass(frozen=True)
class AlterTable(Statement):
    """ALTER TABLE, and with another *kind* ALTER INDEX, VIEW, MATERIALIZED VIEW, SEQUENCE, TYPE
    (attributes of a composite type) and FOREIGN TABLE; renames and SET SCHEMA are separate."""

    name: Name
    actions: tuple[Action, ...]
    kind: ObjectKind = ObjectKind.TABLE
    if_exists: bool = False
    only: bool = False


@dataclass(frozen=True)
class CreateTableAs(Statement):
    """CREATE TABLE AS, SELECT INTO and CREATE MATERIALIZED VIEW, by *kind*."""

    name: Name
    query: Expression
    kind: ObjectKind = ObjectKind.TABLE
    columns: tuple[str, ...] = ()
    reads: tuple[Name, ...] = ()
    writes: tuple[Statement, ...] = ()
    calls: tuple[FunctionCall, ...] = ()
    with_data: bool = True
    persistence: str = "permanent"
    options: tuple[Option, ...] = ()
    tablespace: str | None = None
    method: str | None = None
    if_not_exists: bool = False
    mentions: tuple[Mention, ...] = ()


@dataclass(frozen=True)
class CreateIndex(Statement):
    """CREATE INDEX; *name* is None where PostgreSQL will choose one. It lies in its table's schema.

    *include* are the columns after INCLUDE.
    """

    name: str | None
    table: Name
    elements: tuple[IndexElement, ...]
    unique: bool = False
    concurrently: bool = False
    if_not_exists: bool = False
    only: bool = False
    method: str = "btree"
    include: tuple[str, ...] = ()
    where: Expression | None = None
    options: tuple[Option, ...] = ()
    tablespace: str | None = None
    nulls_not_distinct: bool = False


@dataclass(frozen=True)
class CreateView(Statement):
    """CREATE VIEW; *columns* is empty when the query names them."""

    name: Name
    query: Expression
    columns: tuple[str, ...] = ()
    reads: tuple[Name, ...] = ()
    calls: tuple[FunctionCall, ...] = ()
    or_replace: bool = False
    persistence: str = "permanent"
    options: tuple[Option, ...] = ()
    check_option: str | None = None
    mentions: tuple[Mention, ...] = ()


@dataclass(frozen=True)
class RefreshMatView(Statement):
    name: Name
    concurrently: bool = False
    with_data: bool = True


@dataclass(frozen=True)
class CreateSequence(Statement):
    name: Name
    options: SequenceOptions = NO_OPTIONS
    persistence: str = "permanent"
    if_not_exists: bool = False


@dataclass(frozen=True)
class AlterSequence(Statement):
    name: Name
    options: SequenceOptions
    if_exists: bool = False


@dataclass(frozen=True)
class Rename(Statement):
    """ALTER … RENAME. *kind* is what gets *new_name*.

    For a column, constraint, trigger, policy or rule *name* is the table (for a domain constraint
    the domain, for an attribute the type) and *sub_name* the thing itself; otherwise *sub_name* is
    None. *relation_kind* is the word after ALTER: ``ALTER TABLE ix RENAME`` may name an index.
    """

    kind: ObjectKind
    name: Name
    new_name: str
    sub_name: str | None = None
    relation_kind: ObjectKind | None = None
    arguments: tuple[TypeRef, ...] | None = None
    if_exists: bool = False
    only: bool = False
    cascade: bool = False


@dataclass(frozen=True)
class SetSchema(Statement):
    kind: ObjectKind
    target: Target
    schema: str
    if_exists: bool = False


@dataclass(frozen=True)
class SetOwner(Statement):
    """ALTER … OWNER TO of anything but a relation (for those see the action OwnerTo)."""

    kind: ObjectKind
    target: Target
    role: str


@dataclass(frozen=True)
class DependsOnExtension(Statement):
    kind: ObjectKind
    target: Target
    extension: str
    remove: bool = False


@dataclass(frozen=True)
class Drop(Statement):
    """DROP of one or more objects of one kind."""

    kind: ObjectKind
    targets: tuple[Target, ...]
    if_exists: bool = False
    cascade: bool = False
    concurrently: bool = False

    @property
    def names(self) -> tuple[Name, ...]:
        return tuple(target.name for target in self.targets)


@dataclass(frozen=True)
class MoveAll(Statement):
    """ALTER TABLE ALL IN TABLESPACE … SET TABLESPACE."""

    kind: ObjectKind
    source: str
    destination: str
    nowait: bool = False
