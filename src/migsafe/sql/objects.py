"""Statements about what is not a relation: schemas, functions, triggers, rights."""

from __future__ import annotations

from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql.flow import Section
from migsafe.sql.parts import (
    Argument,
    Expression,
    ObjectKind,
    Option,
    Parsed,
    Statement,
    Target,
)
from migsafe.values import dataclass


@dataclass(frozen=True)
class CreateSchema(Statement):
    """CREATE SCHEMA; *elements* are the statements inside it."""

    name: str | None
    if_not_exists: bool = False
    owner: str | None = None
    elements: tuple[Statement, ...] = ()


@dataclass(frozen=True)
class CommentOn(Statement):
    """COMMENT ON; *text* is None for IS NULL, which an empty string is too."""

    kind: ObjectKind
    target: Target
    text: str | None


@dataclass(frozen=True)
class SecurityLabel(Statement):
    kind: ObjectKind
    target: Target
    provider: str | None
    label: str | None


@dataclass(frozen=True)
class Privilege:
    """One privilege, with the *columns* it is limited to."""

    name: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grant(Statement):
    """GRANT and, with *revoke*, REVOKE. An empty *privileges* means ALL.

    *in_schemas* are those of ALL TABLES IN SCHEMA; *role* grants have *kind* ROLE and the roles in
    *privileges*. *default* marks ALTER DEFAULT PRIVILEGES.
    """

    kind: ObjectKind
    privileges: tuple[Privilege, ...]
    targets: tuple[Target, ...]
    grantees: tuple[str, ...]
    revoke: bool = False
    cascade: bool = False
    grant_option: bool = False
    in_schemas: tuple[str, ...] = ()
    default: bool = False


@dataclass(frozen=True)
class CreateFunction(Statement):
    """CREATE FUNCTION and, with *procedure*, CREATE PROCEDURE.

    *volatility* is immutable, stable or volatile. *body* is the text of the body, *nested* its
    static statements where the language is sql or plpgsql, *sections* which of them run or are
    guarded, *unknown* why it can't be known whole.
    *standard_body* is set for BEGIN ATOMIC and RETURN, which record dependencies.
    """

    name: Name
    arguments: tuple[Argument, ...] = ()
    returns: TypeRef | None = None
    returns_set: bool = False
    language: str = "sql"
    volatility: str = "volatile"
    strict: bool = False
    security_definer: bool = False
    leakproof: bool = False
    parallel: str = "unsafe"
    settings: tuple[Option, ...] = ()
    body: str | None = None
    standard_body: bool = False
    procedure: bool = False
    or_replace: bool = False
    nested: tuple[Parsed, ...] = ()
    sections: tuple[Section, ...] = ()
    unknown: str | None = None

    @property
    def argument_types(self) -> tuple[TypeRef, ...]:
        """The types that identify the function: those of its input arguments."""
        modes = ("in", "inout", "variadic")
        return tuple(a.type for a in self.arguments if a.mode in modes)


@dataclass(frozen=True)
class AlterFunction(Statement):
    """ALTER FUNCTION's attributes, as (name, value); None resets."""

    kind: ObjectKind
    target: Target
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class CreateTrigger(Statement):
    """CREATE TRIGGER; *timing* is BEFORE, AFTER or INSTEAD OF, *events* as INSERT, in that order.

    *from_table* is the FROM of a constraint trigger, *transitions* the names that REFERENCING gives
    to the old and the new rows.
    """

    name: str
    table: Name
    function: Name
    timing: str
    events: tuple[str, ...]
    columns: tuple[str, ...] = ()
    for_each_row: bool = False
    when: Expression | None = None
    constraint: bool = False
    deferrable: bool = False
    initially_deferred: bool = False
    from_table: Name | None = None
    arguments: tuple[str, ...] = ()
    transitions: tuple[str | None, str | None] = (None, None)
    or_replace: bool = False


@dataclass(frozen=True)
class CreateEventTrigger(Statement):
    name: str
    event: str
    function: Name


@dataclass(frozen=True)
class CreatePolicy(Statement):
    """CREATE POLICY; *command* is ALL, SELECT, INSERT, UPDATE or DELETE."""

    name: str
    table: Name
    command: str = "ALL"
    permissive: bool = True
    roles: tuple[str, ...] = ("public",)
    using: Expression | None = None
    check: Expression | None = None


@dataclass(frozen=True)
class AlterPolicy(Statement):
    name: str
    table: Name
    roles: tuple[str, ...] | None = None
    using: Expression | None = None
    check: Expression | None = None


@dataclass(frozen=True)
class CreateRule(Statement):
    """CREATE RULE; *event* is SELECT, INSERT, UPDATE or DELETE."""

    name: str
    table: Name
    event: str
    instead: bool = False
    where: Expression | None = None
    actions: tuple[Statement, ...] = ()
    or_replace: bool = False


@dataclass(frozen=True)
class CreateExtension(Statement):
    name: str
    if_not_exists: bool = False
    schema: str | None = None
    version: str | None = None
    cascade: bool = False


@dataclass(frozen=True)
class AlterExtension(Statement):
    """ALTER EXTENSION; *action* is UPDATE, ADD or DROP, *version* None for the newest."""

    name: str
    action: str
    version: str | None = None
    kind: ObjectKind | None = None
    target: Target | None = None


@dataclass(frozen=True)
class PublishedTable:
    table: Name
    only: bool = False
    columns: tuple[str, ...] = ()
    where: Expression | None = None


@dataclass(frozen=True)
class CreatePublication(Statement):
    name: str
    tables: tuple[PublishedTable, ...] = ()
    schemas: tuple[str | None, ...] = ()
    all_tables: bool = False
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class AlterPublication(Statement):
    """ALTER PUBLICATION; *action* is ADD, DROP, SET, or SET OPTIONS; a schema None is the
    current one."""

    name: str
    action: str
    tables: tuple[PublishedTable, ...] = ()
    schemas: tuple[str | None, ...] = ()
    all_tables: bool = False
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class CreateStatistics(Statement):
    """CREATE STATISTICS; *kinds* is empty for all, *name* None where PostgreSQL will choose."""

    name: Name | None
    table: Name | None
    columns: tuple[str, ...] = ()
    expressions: tuple[Expression, ...] = ()
    kinds: tuple[str, ...] = ()
    if_not_exists: bool = False


@dataclass(frozen=True)
class AlterStatistics(Statement):
    name: Name
    target: int
    if_exists: bool = False


@dataclass(frozen=True)
class Do(Statement):
    """DO; *nested* are the static statements of its body, in *sections* (see `sql.flow`).

    *unknown* is why there may be more.
    """

    language: str
    body: str
    nested: tuple[Parsed, ...] = ()
    sections: tuple[Section, ...] = ()
    unknown: str | None = None


@dataclass(frozen=True)
class CreateAggregate(Statement):
    """CREATE AGGREGATE; *arguments* are the types it takes."""

    name: Name
    arguments: tuple[TypeRef, ...] = ()
    or_replace: bool = False
