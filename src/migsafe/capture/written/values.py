"""What the code of a migration stands for where it is read: types, columns, constraints, texts."""

from __future__ import annotations

from typing import Any

from migsafe.capture.model import EnumGiven
from migsafe.values import dataclass


class NotWritten(Exception):
    """What something does is not certain from the code; the migration has to be run."""


@dataclass(frozen=True)
class Symbol:
    """Something that is imported, by its full name, as ``sqlalchemy.String``."""

    name: str


@dataclass(frozen=True)
class Foreign:
    """A module that is imported, or a *member* of one, of which nothing is known here."""

    module: str
    member: str | None = None


@dataclass(frozen=True)
class Final:
    """A name that no naming convention changes: that of ``op.f()``."""

    text: str


@dataclass(frozen=True)
class Fragment:
    """A piece of SQL, as it is sent.

    *is_text* when it is that of ``sqlalchemy.text()``, *is_column* of ``literal_column()``.
    """

    sql: str
    is_text: bool = True
    is_column: bool = False


@dataclass(frozen=True)
class Type:
    """A column's type as PostgreSQL writes it.

    *numbers* is ``integer``, ``bigint`` or ``smallint`` where a key of the type numbers its rows,
    ``numeric`` where it might, and empty otherwise. *enum* is set for each kind of
    ``sqlalchemy.Enum``; *create* and *drop* are the statements for a type of its own. *variants*
    are the dialects for which it is another type.
    """

    sql: str
    numbers: str = ""
    enum: EnumGiven | None = None
    create: str = ""
    drop: str = ""
    is_native: bool = False
    is_array: bool = False
    variants: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reference:
    """A foreign key: the columns (none while a column does not know itself) and what they are to.

    *tail* is what follows the columns that it is to.
    """

    columns: tuple[str, ...]
    schema: str | None
    table: str
    targets: tuple[str, ...]
    tail: str = ""
    name: Any = None


@dataclass(frozen=True)
class Key:
    """A primary key (*kind* ``pk``) or a unique constraint (``uq``)."""

    kind: str
    columns: tuple[str, ...]
    tail: str = ""
    name: Any = None


@dataclass(frozen=True)
class Check:
    """A check constraint; *tail* is what follows its parentheses."""

    condition: str
    tail: str = ""
    name: Any = None


@dataclass(frozen=True)
class Identity:
    """GENERATED … AS IDENTITY, as it is sent."""

    sql: str


@dataclass(frozen=True)
class Computed:
    """GENERATED ALWAYS AS (…) STORED, as it is sent."""

    sql: str


@dataclass(frozen=True)
class Batch:
    """What ``batch_alter_table()`` gives: operations on one table, done at the end of the block."""

    table: str
    schema: str | None


@dataclass(frozen=True)
class Column:
    """A column; *default* and *generated* are SQL, *nullable* and *numbered* None when not said."""

    name: str
    type: Type
    nullable: bool | None = None
    primary_key: bool = False
    default: str | None = None
    generated: Identity | Computed | None = None
    comment: str | None = None
    unique: bool = False
    index: bool = False
    numbered: bool | None = None
    has_value: bool = False
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True)
class Unnamed:
    """A column, but for its name: the text in a *slot*."""

    column: Column
    slot: str
