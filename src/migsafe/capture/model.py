"""What capturing a history gives: migrations with every statement they will emit."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import Any

from migsafe.sql import Comment, Statement
from migsafe.values import dataclass


@dataclass(frozen=True)
class Frame:
    """A place in a helper through which a statement was emitted."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file.name}:{self.line}"


@dataclass(frozen=True)
class EnumGiven:
    """An enum that an operation gives to a column; *create_type* as SQLAlchemy's ENUM has it."""

    labels: tuple[str, ...]
    name: str | None = None
    schema: str | None = None
    create_type: bool = True


@dataclass(frozen=True)
class Operation:
    """The Alembic operation that sent a statement, with what it was given besides the statement.

    Attributes:
        name: of the operation in Alembic's API, as ``add_column`` or ``execute``; of a custom one
            the name that it is registered by.
        table_name, column_name, index_name, constraint_name: as given; None where it has none.
        is_final: whether the constraint's name was given by ``op.f()``.
        existing_type: as PostgreSQL writes it.
        existing_nullable: as given.
        enum: the type that a column gets, if it is one.
    """

    name: str
    table_name: str | None = None
    column_name: str | None = None
    index_name: str | None = None
    constraint_name: str | None = None
    is_final: bool = False
    existing_type: str | None = None
    existing_nullable: bool | None = None
    enum: EnumGiven | None = None


@dataclass(frozen=True)
class Step:
    """One statement that a migration emits, with the author's line.

    A text with several statements gives one step each; every statement belongs to one step.

    Attributes:
        sql: the statement's own text, without its neighbours.
        statement: the same, parsed; `Unrecognised` when it cannot be read.
        line, end_line: lines in the migration file (*file*), counted from 1.
        via: helper frames between the migration's line and the statement, outermost first.
        op: the operation that emitted it, or None (``get_bind().execute`` and the like).
        transaction: number of the transaction within the migration's run; None in autocommit.
        comments: SQL comments inside or right before the statement.
        parameters: bound values, if it was sent with any.
        conditional: it only shows when a query returns rows or finds something (second pass).
        joined: its transaction is none of Alembic's: that of one text with several statements, or
            of a BEGIN as text, sent in autocommit.
    """

    sql: str
    statement: Statement
    file: Path
    line: int
    end_line: int
    via: tuple[Frame, ...] = ()
    op: Operation | None = None
    transaction: int | None = 0
    comments: tuple[Comment, ...] = ()
    parameters: Any = field(default=None, compare=False)
    conditional: bool = False
    joined: bool = False

    @property
    def autocommit(self) -> bool:
        """Whether it runs outside any transaction block."""
        return self.transaction is None


@dataclass(frozen=True)
class Problem:
    """Something about a migration file that capturing noticed.

    *kind* is ``error`` (the code raised), ``import`` (a module was replaced by a placeholder),
    ``nondeterministic`` (file, network, process, clock or environment used), ``timeout``,
    ``reads`` (its statements depend on the result of a query), ``irreversible`` (downgrade
    raises on purpose).
    """

    kind: str
    message: str
    file: Path
    line: int | None = None
    direction: str | None = None


@dataclass(frozen=True)
class Migration:
    """One revision: its place in the chain and the steps of both directions.

    *has_remarks* says whether ``migsafe:`` is anywhere in its file.
    """

    revision: str
    down_revisions: tuple[str, ...]
    path: Path
    upgrade: tuple[Step, ...] = ()
    downgrade: tuple[Step, ...] = ()
    depends_on: tuple[str, ...] = ()
    branch_labels: tuple[str, ...] = ()
    doc: str = ""
    has_downgrade: bool = True
    problems: tuple[Problem, ...] = ()
    has_remarks: bool = True


@dataclass(frozen=True)
class Environment:
    """What env.py and alembic.ini say that changes a verdict; None where they say nothing.

    *lock_timeout* is True when env.py sets one for the migrating session. *naming* is the naming
    convention where it is written out, *driver* the one in the URL of alembic.ini, as ``psycopg``.
    *imports* are the modules that env.py imports besides those of Python, SQLAlchemy and Alembic:
    they may register operations. *names_known* says whether the code shows which names constraints
    get that are given none.
    """

    path: Path | None = None
    transaction_per_migration: bool | None = None
    transactional_ddl: bool | None = None
    lock_timeout: bool = False
    naming_convention: bool = False
    include_schemas: bool = False
    version_table: str = "alembic_version"
    naming: tuple[tuple[str, str], ...] = ()
    driver: str | None = None
    imports: tuple[str, ...] = ()
    names_known: bool = True


@dataclass(frozen=True)
class History:
    """All migrations in the order in which ``alembic upgrade heads`` runs them."""

    migrations: tuple[Migration, ...]
    heads: tuple[str, ...]
    environment: Environment = Environment()
    problems: tuple[Problem, ...] = ()
