"""What hangs on tables: constraints, indexes, triggers, policies and rewrite rules."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import field
from enum import Enum

from migsafe.names import Name
from migsafe.values import dataclass, kept_of

Options = tuple[tuple[str, str], ...]  # sorted (name, value) pairs of WITH (…) or reloptions


class ConstraintKind(Enum):
    """``pg_constraint.contype``."""

    CHECK = "c"
    FOREIGN_KEY = "f"
    PRIMARY_KEY = "p"
    UNIQUE = "u"
    EXCLUDE = "x"
    NOT_NULL = "n"  # a row of pg_constraint since PostgreSQL 18


@dataclass(frozen=True)
class Constraint:
    """A table constraint (`pg_constraint`); *index* is the name of the index that enforces it.

    *columns* of a CHECK are in alphabetical order. *match*, *on_delete*, *on_update* use the
    letters of `pg_constraint` ("s", "a", "r", "c", "n", "d"). *operators* belongs to EXCLUDE: one
    operator per key of its index, with its schema only if that is not pg_catalog.
    """

    name: str
    kind: ConstraintKind
    columns: tuple[str, ...] = ()
    expression: str | None = None
    references: Name | None = None
    referenced_columns: tuple[str, ...] = ()
    match: str = "s"
    on_delete: str = "a"
    on_delete_columns: tuple[str, ...] = ()
    on_update: str = "a"
    deferrable: bool = False
    deferred: bool = False
    validated: bool = True
    enforced: bool = True
    no_inherit: bool = False
    local: bool = True
    inherited: int = 0
    period: bool = False
    index: str | None = None
    operators: tuple[str, ...] = ()
    comment: str | None = None


@dataclass(frozen=True)
class IndexKey:
    """One key of an index: a column or an expression; opclass and collation only if not default.

    With options, which only follow its name, the opclass is said in any case. *nulls_first* is as
    stored: a descending key has it unless NULLS LAST was said.
    """

    column: str | None = None
    expression: str | None = None
    collation: Name | None = None
    opclass: Name | None = None
    opclass_options: Options = ()
    descending: bool = False
    nulls_first: bool = False


@dataclass(frozen=True)
class Index:
    """An index; *constraint* names the constraint it enforces, *parent* the partitioned index.

    *attributes* are the names of its own columns, those the table's had when it was built: they
    end up in the names of its copies and do not count in comparisons.
    """

    name: Name
    table: Name
    keys: tuple[IndexKey, ...]
    method: str = "btree"
    unique: bool = False
    nulls_not_distinct: bool = False
    include: tuple[str, ...] = ()
    predicate: str | None = None
    options: Options = ()
    tablespace: str | None = None
    valid: bool = True
    clustered: bool = False
    replica_identity: bool = False
    constraint: str | None = None
    parent: Name | None = None
    statistics_targets: tuple[tuple[int, int], ...] = ()
    comment: str | None = None
    attributes: tuple[str, ...] = field(default=(), compare=False)

    @kept_of("keys", "predicate")
    def texts(self) -> tuple[str, ...]:
        """The expressions of the keys and the predicate."""
        found = (self.predicate, *(key.expression for key in self.keys))
        return tuple([text for text in found if text])

    @kept_of("table", "parent")
    def marks(self) -> frozenset[Hashable]:
        """What it is looked up by: its table and the partitioned index."""
        return frozenset((self.table,) if self.parent is None else (self.table, self.parent))


@dataclass(frozen=True)
class Trigger:
    """A trigger; *events* are of INSERT, DELETE, UPDATE, TRUNCATE, in that order."""

    name: str
    function: Name
    timing: str  # BEFORE, AFTER, INSTEAD OF
    events: tuple[str, ...]
    row: bool = False
    columns: tuple[str, ...] = ()  # UPDATE OF
    when: str | None = None
    arguments: tuple[str, ...] = ()
    constraint: bool = False
    deferrable: bool = False
    deferred: bool = False
    referencing: tuple[str | None, str | None] = (None, None)  # OLD TABLE, NEW TABLE
    enabled: str = "O"  # pg_trigger.tgenabled
    inherited: bool = False
    comment: str | None = None
    references: Name | None = None  # FROM of a constraint trigger


@dataclass(frozen=True)
class Policy:
    """A row security policy; *command* is ALL, SELECT, INSERT, UPDATE or DELETE."""

    name: str
    command: str = "ALL"
    permissive: bool = True
    roles: tuple[str, ...] = ("public",)
    using: str | None = None
    check: str | None = None
    comment: str | None = None


@dataclass(frozen=True)
class Rule:
    """A rewrite rule that is not a view's; *definition* is ``pg_get_ruledef()``."""

    name: str
    definition: str
    enabled: str = "O"
    comment: str | None = None
