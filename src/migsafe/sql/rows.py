"""Statements that read or change rows."""

from __future__ import annotations

from migsafe.names import Name
from migsafe.sql.parts import Expression, FunctionCall, Option, Statement
from migsafe.sql.scopes import Mention
from migsafe.values import dataclass


@dataclass(frozen=True)
class Select(Statement):
    """SELECT, VALUES and TABLE.

    *reads* are all relations named anywhere in it, *mentions* all columns, *locking* the strengths
    of FOR UPDATE and its like, *locked* the relations that these are about,
    *writes* the data-changing statements of its WITH, *limited* whether it has a LIMIT.
    """

    reads: tuple[Name, ...] = ()
    writes: tuple[Statement, ...] = ()
    calls: tuple[FunctionCall, ...] = ()
    locking: tuple[str, ...] = ()
    locked: frozenset[Name] = frozenset()
    where: Expression | None = None
    limited: bool = False
    mentions: tuple[Mention, ...] = ()

    @property
    def has_where(self) -> bool:
        return self.where is not None


@dataclass(frozen=True)
class Arbiter:
    """``ON CONFLICT (…)``: a *column* is None where an expression stands; or ON *constraint*."""

    columns: tuple[str | None, ...] = ()
    filtered: bool = False
    constraint: str | None = None


@dataclass(frozen=True)
class Insert(Statement):
    """INSERT; *rows* is the number of VALUES rows, None for a query.

    *values* are the first of these rows, None where DEFAULT is written. *reads* are the other
    relations it reads, *on_conflict* is ``NOTHING``, ``UPDATE`` or None, *arbiter* what it infers
    the unique index from, *updated* the columns it sets. *overriding* is ``SYSTEM``, ``USER`` or
    None.
    """

    table: Name
    columns: tuple[str, ...] = ()
    rows: int | None = None
    values: tuple[tuple[Expression | None, ...], ...] = ()
    overriding: str | None = None
    updated: tuple[str, ...] = ()
    arbiter: Arbiter | None = None
    reads: tuple[Name, ...] = ()
    writes: tuple[Statement, ...] = ()
    calls: tuple[FunctionCall, ...] = ()
    on_conflict: str | None = None
    returning: bool = False
    mentions: tuple[Mention, ...] = ()


@dataclass(frozen=True)
class Update(Statement):
    """UPDATE; *columns* are those it sets, *values* what to: None for DEFAULT or ``(a, b) = …``."""

    table: Name
    columns: tuple[str, ...] = ()
    values: tuple[Expression | None, ...] = ()
    where: Expression | None = None
    only: bool = False
    reads: tuple[Name, ...] = ()
    writes: tuple[Statement, ...] = ()
    calls: tuple[FunctionCall, ...] = ()
    returning: bool = False
    mentions: tuple[Mention, ...] = ()

    @property
    def has_where(self) -> bool:
        return self.where is not None


@dataclass(frozen=True)
class Delete(Statement):
    table: Name
    where: Expression | None = None
    only: bool = False
    reads: tuple[Name, ...] = ()
    writes: tuple[Statement, ...] = ()
    calls: tuple[FunctionCall, ...] = ()
    returning: bool = False
    mentions: tuple[Mention, ...] = ()

    @property
    def has_where(self) -> bool:
        return self.where is not None


@dataclass(frozen=True)
class Merge(Statement):
    """MERGE; *actions* as INSERT, UPDATE, DELETE, NOTHING, *columns* all that these name."""

    table: Name
    actions: tuple[str, ...] = ()
    reads: tuple[Name, ...] = ()
    writes: tuple[Statement, ...] = ()
    calls: tuple[FunctionCall, ...] = ()
    only: bool = False
    returning: bool = False
    columns: tuple[str, ...] = ()
    mentions: tuple[Mention, ...] = ()


@dataclass(frozen=True)
class Copy(Statement):
    """COPY; *table* is None for COPY (query) TO, *into* whether it writes the table.

    *on_server* is False for FROM STDIN and TO STDOUT, with which the rows pass the client.
    """

    table: Name | None
    into: bool
    columns: tuple[str, ...] = ()
    reads: tuple[Name, ...] = ()
    writes: tuple[Statement, ...] = ()
    options: tuple[Option, ...] = ()
    on_server: bool = False


@dataclass(frozen=True)
class Truncate(Statement):
    names: tuple[Name, ...]
    cascade: bool = False
    restart_identity: bool = False
    only: tuple[Name, ...] = ()
