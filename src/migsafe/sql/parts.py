"""The pieces that statements are made of: expressions, columns, constraints, index elements."""

from __future__ import annotations

from enum import Enum

from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.values import dataclass


class Statement:
    """What all statements are; every kind is a frozen dataclass of its own."""

    __slots__ = ()


@dataclass(frozen=True)
class Expression:
    """An expression, as text in one normal layout; `sql.expressions` answers questions about it."""

    sql: str

    def __str__(self) -> str:
        return self.sql


@dataclass(frozen=True)
class FunctionCall:
    """A function called by name with the expressions it is given."""

    name: Name
    arguments: tuple[Expression, ...] = ()


@dataclass(frozen=True)
class Option:
    """One ``name = value`` of a WITH, SET or option list; *value* is None when only named.

    *name* includes its namespace, as in ``toast.autovacuum_enabled``. *action* is ``ADD``, ``SET``
    or ``DROP`` where a statement changes options.
    """

    name: str
    value: str | None = None
    action: str = ""


class ObjectKind(Enum):
    """A kind of object, by the words SQL has for it."""

    __hash__ = object.__hash__  # that of enumerations is ten times as slow

    ACCESS_METHOD = "ACCESS METHOD"
    AGGREGATE = "AGGREGATE"
    CAST = "CAST"
    COLLATION = "COLLATION"
    COLUMN = "COLUMN"
    CONVERSION = "CONVERSION"
    DATABASE = "DATABASE"
    DOMAIN = "DOMAIN"
    DOMAIN_CONSTRAINT = "DOMAIN CONSTRAINT"
    EVENT_TRIGGER = "EVENT TRIGGER"
    EXTENSION = "EXTENSION"
    FOREIGN_DATA_WRAPPER = "FOREIGN DATA WRAPPER"
    FOREIGN_TABLE = "FOREIGN TABLE"
    FUNCTION = "FUNCTION"
    INDEX = "INDEX"
    LANGUAGE = "LANGUAGE"
    LARGE_OBJECT = "LARGE OBJECT"
    MATERIALIZED_VIEW = "MATERIALIZED VIEW"
    OPERATOR = "OPERATOR"
    OPERATOR_CLASS = "OPERATOR CLASS"
    OPERATOR_FAMILY = "OPERATOR FAMILY"
    PARAMETER = "PARAMETER"
    POLICY = "POLICY"
    PROCEDURE = "PROCEDURE"
    PUBLICATION = "PUBLICATION"
    ROLE = "ROLE"
    ROUTINE = "ROUTINE"
    RULE = "RULE"
    SCHEMA = "SCHEMA"
    SEQUENCE = "SEQUENCE"
    SERVER = "SERVER"
    STATISTICS = "STATISTICS"
    SUBSCRIPTION = "SUBSCRIPTION"
    TABLE = "TABLE"
    TABLE_CONSTRAINT = "CONSTRAINT"
    TABLESPACE = "TABLESPACE"
    TEXT_SEARCH_CONFIGURATION = "TEXT SEARCH CONFIGURATION"
    TEXT_SEARCH_DICTIONARY = "TEXT SEARCH DICTIONARY"
    TEXT_SEARCH_PARSER = "TEXT SEARCH PARSER"
    TEXT_SEARCH_TEMPLATE = "TEXT SEARCH TEMPLATE"
    TRANSFORM = "TRANSFORM"
    TRIGGER = "TRIGGER"
    TYPE = "TYPE"
    TYPE_ATTRIBUTE = "ATTRIBUTE"
    USER_MAPPING = "USER MAPPING"
    VIEW = "VIEW"


@dataclass(frozen=True)
class Target:
    """The object that a DROP, COMMENT, GRANT or the like is about.

    *arguments* are a function's argument types, None when not given. *table* is the table (or the
    domain) that a trigger, policy, rule, column or constraint called *name* belongs to.
    """

    name: Name
    arguments: tuple[TypeRef, ...] | None = None
    table: Name | None = None


class ConstraintKind(Enum):
    """A kind of constraint, by the words SQL has for it."""

    __hash__ = object.__hash__  # that of enumerations is ten times as slow

    PRIMARY_KEY = "PRIMARY KEY"
    UNIQUE = "UNIQUE"
    CHECK = "CHECK"
    FOREIGN_KEY = "FOREIGN KEY"
    EXCLUDE = "EXCLUDE"
    NOT_NULL = "NOT NULL"


@dataclass(frozen=True)
class IndexElement:
    """One key of an index: a *column* or an *expression*; None where the default was left."""

    column: str | None = None
    expression: Expression | None = None
    collation: Name | None = None
    opclass: Name | None = None
    opclass_options: tuple[Option, ...] = ()
    descending: bool = False
    nulls_first: bool | None = None


@dataclass(frozen=True)
class Exclusion:
    """One ``element WITH operator`` of an exclusion constraint."""

    element: IndexElement
    operator: Name


@dataclass(frozen=True)
class ConstraintDef:
    """A constraint as written; *columns* is filled in for column constraints too.

    *name* is None where PostgreSQL will choose one. *period* says a foreign key's last column is
    a PERIOD; *without_overlaps* the same of a key (PostgreSQL 18).
    """

    kind: ConstraintKind
    name: str | None = None
    columns: tuple[str, ...] = ()
    expression: Expression | None = None
    references: Name | None = None
    referenced_columns: tuple[str, ...] = ()
    match: str = "SIMPLE"
    on_delete: str = "NO ACTION"
    on_delete_columns: tuple[str, ...] = ()
    on_update: str = "NO ACTION"
    deferrable: bool = False
    initially_deferred: bool = False
    not_valid: bool = False
    no_inherit: bool = False
    enforced: bool = True
    using_index: str | None = None
    include: tuple[str, ...] = ()
    nulls_not_distinct: bool = False
    without_overlaps: bool = False
    period: bool = False
    exclusions: tuple[Exclusion, ...] = ()
    method: str | None = None
    where: Expression | None = None
    options: tuple[Option, ...] = ()
    tablespace: str | None = None


@dataclass(frozen=True)
class SequenceOptions:
    """The options of a sequence or identity column; None where the default or the old one stays.

    *restart* is the number to restart with, or True for a bare RESTART. *owned_by* is the table
    and column, ``()`` for OWNED BY NONE. *no_minvalue* and *no_maxvalue* are said explicitly.
    """

    type: TypeRef | None = None
    start: int | None = None
    increment: int | None = None
    minvalue: int | None = None
    maxvalue: int | None = None
    no_minvalue: bool = False
    no_maxvalue: bool = False
    cache: int | None = None
    cycle: bool | None = None
    restart: int | bool | None = None
    owned_by: tuple[Name, str] | tuple[()] | None = None
    sequence_name: Name | None = None


NO_OPTIONS = SequenceOptions()
"""Nothing said: all defaults."""


@dataclass(frozen=True)
class Identity:
    """``GENERATED {ALWAYS | BY DEFAULT} AS IDENTITY``."""

    always: bool
    sequence: SequenceOptions = NO_OPTIONS


@dataclass(frozen=True)
class ColumnDef:
    """A column as written; its constraints other than NOT NULL and defaults are in *constraints*.

    *not_null* is None when nothing was said; a NOT NULL with a name or NO INHERIT is in
    *constraints* too. *type* is None only for a column of a typed table or a partition. *serial*
    is set when the type was one of the serial types, and *type* is then the integer type.
    """

    name: str
    type: TypeRef | None
    not_null: bool | None = None
    default: Expression | None = None
    generated: Expression | None = None
    virtual: bool = False
    identity: Identity | None = None
    serial: bool = False
    collation: Name | None = None
    storage: str | None = None
    compression: str | None = None
    constraints: tuple[ConstraintDef, ...] = ()
    fdw_options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class LikeClause:
    """``LIKE source INCLUDING …``; *including* holds the words in force, as ``INDEXES``.

    *after* is the number of columns that are written before it.
    """

    source: Name
    including: frozenset[str] = frozenset()
    after: int = 0


@dataclass(frozen=True)
class PartitionKey:
    """``PARTITION BY strategy (elements)``; *strategy* is range, list or hash."""

    strategy: str
    elements: tuple[IndexElement, ...]


@dataclass(frozen=True)
class Argument:
    """An argument of a function; *mode* is one of in, out, inout, variadic, table."""

    name: str | None
    type: TypeRef
    mode: str = "in"
    default: Expression | None = None
    setof: bool = False


@dataclass(frozen=True)
class Comment:
    """A comment in SQL text, with its marks, and the line it starts on (from 1)."""

    text: str
    line: int


@dataclass(frozen=True)
class Parsed:
    """One statement of a text: its *sql*, where that starts (characters from 0, line from 1).

    *comments* are those inside it and those between it and the statement before.
    """

    sql: str
    start: int
    line: int
    statement: Statement
    comments: tuple[Comment, ...] = ()
