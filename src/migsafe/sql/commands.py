"""Statements that steer the session or maintain storage."""

from __future__ import annotations

from migsafe.names import Name
from migsafe.sql.parts import Expression, ObjectKind, Option, Statement
from migsafe.values import dataclass


@dataclass(frozen=True)
class Lock(Statement):
    """LOCK TABLE; *mode* as in ``SHARE ROW EXCLUSIVE``."""

    names: tuple[Name, ...]
    mode: str
    nowait: bool = False
    only: tuple[Name, ...] = ()


@dataclass(frozen=True)
class Set(Statement):
    """SET, SET LOCAL and RESET; *name* in lower case, None for RESET ALL.

    *values* is empty for RESET and for SET … TO DEFAULT.
    """

    name: str | None
    values: tuple[str, ...] = ()
    local: bool = False
    reset: bool = False


@dataclass(frozen=True)
class Show(Statement):
    name: str


@dataclass(frozen=True)
class TransactionControl(Statement):
    """*kind* is one of BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE, ROLLBACK TO, PREPARE,
    COMMIT PREPARED, ROLLBACK PREPARED; *options* as ``transaction_isolation``."""

    kind: str
    name: str | None = None
    chain: bool = False
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class SetConstraints(Statement):
    """SET CONSTRAINTS; no *names* means ALL."""

    names: tuple[Name, ...]
    deferred: bool


@dataclass(frozen=True)
class Vacuum(Statement):
    """VACUUM; no *tables* means all of the database."""

    tables: tuple[Name, ...] = ()
    full: bool = False
    analyze: bool = False
    freeze: bool = False
    options: tuple[Option, ...] = ()
    only: tuple[Name, ...] = ()


@dataclass(frozen=True)
class Analyze(Statement):
    tables: tuple[Name, ...] = ()
    columns: tuple[tuple[str, ...], ...] = ()
    options: tuple[Option, ...] = ()
    only: tuple[Name, ...] = ()


@dataclass(frozen=True)
class Cluster(Statement):
    """CLUSTER; no *table* means all that were clustered before."""

    table: Name | None = None
    index: str | None = None
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class Reindex(Statement):
    """REINDEX; *kind* is INDEX, TABLE, SCHEMA, DATABASE or SYSTEM."""

    kind: str
    name: Name | None
    concurrently: bool = False
    tablespace: str | None = None
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class Explain(Statement):
    nested: Statement
    analyze: bool = False


@dataclass(frozen=True)
class Call(Statement):
    procedure: Name
    arguments: tuple[Expression, ...] = ()


@dataclass(frozen=True)
class Prepare(Statement):
    name: str
    nested: Statement


@dataclass(frozen=True)
class Execute(Statement):
    """EXECUTE of a prepared statement."""

    name: str


@dataclass(frozen=True)
class Deallocate(Statement):
    """DEALLOCATE; *name* is None for ALL."""

    name: str | None


@dataclass(frozen=True)
class DeclareCursor(Statement):
    name: str
    query: Statement
    hold: bool = False


@dataclass(frozen=True)
class Fetch(Statement):
    """FETCH and MOVE."""

    cursor: str
    move: bool = False


@dataclass(frozen=True)
class CloseCursor(Statement):
    """CLOSE; *name* is None for ALL."""

    name: str | None


@dataclass(frozen=True)
class DropOwned(Statement):
    roles: tuple[str, ...]
    cascade: bool = False


@dataclass(frozen=True)
class ReassignOwned(Statement):
    roles: tuple[str, ...]
    new_role: str


@dataclass(frozen=True)
class Utility(Statement):
    """A statement that touches no table; *tag* is its command tag, as ``CREATE ROLE``.

    *refuses_transaction* says that PostgreSQL runs it only outside of a transaction block.
    """

    tag: str
    refuses_transaction: bool = False
    kind: ObjectKind | None = None
    name: Name | None = None


@dataclass(frozen=True)
class Unrecognised(Statement):
    """A text that could not be read, and *why*; *node* is the parser's name if it got that far."""

    why: str
    node: str | None = None
