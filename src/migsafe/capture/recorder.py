"""The tape on which a migration's statements are recorded as steps."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from migsafe.capture.answers import answer, returns_rows
from migsafe.capture.dbapi import Connection, Result, ResultColumn
from migsafe.capture.marks import not_known
from migsafe.capture.model import Operation, Problem, Step
from migsafe.capture.results import columns_of
from migsafe.capture.schema import Schema
from migsafe.capture.sites import Site, Source
from migsafe.sql import (
    Delete,
    Insert,
    Merge,
    Parsed,
    Statement,
    TransactionControl,
    Unrecognised,
    Update,
    parse,
)

_NUMBER = re.compile(r"\b\d+\b")
STATEMENT_LIMIT = 5_000
"""More statements than this in one direction of one migration are a loop that does not end."""


class TooManyStatements(BaseException):
    """A migration goes on sending statements; not an Exception, so that it cannot be caught."""


class Recorder:
    """Records one run of one direction of a migration.

    *found* says what queries answer: nothing (False) or, once for each text, one row (True).
    *begins_again* says whether the driver opens a transaction after a COMMIT sent as text.
    """

    def __init__(
        self,
        source: Source,
        direction: str,
        schema: Schema,
        *,
        found: bool = False,
        begins_again: bool = False,
    ):
        self.source = source
        self.direction = direction
        self.schema = schema
        self.steps: list[Step] = []
        self.problems: list[Problem] = []
        self.reads: list[int] = []
        self._found = found
        self._begins_again = begins_again
        self._asked: set[tuple[str, frozenset[tuple[int, int]]]] = set()
        self._operations: list[tuple[Operation | None, Site]] = []
        self._transactions = itertools.count()
        self._serial = itertools.count(1)

    # -- operations -------------------------------------------------------------------------

    def site(self) -> Site:
        """The author's place that is being run; the function's own line when there is none."""
        found = self.source.site(sys._getframe(1))
        line = self.source.function_line(self.direction)
        return found or Site(line, line)

    @contextmanager
    def attributed(self, operation: Operation | None, site: Site | None = None) -> Iterator[None]:
        """Statements sent inside belong to *operation* and *site*.

        Without a *site* they belong to the author's call of the outermost operation: what an
        operation does in turn may be implemented in the same file.
        """
        around = self._operations[-1][1] if self._operations else None
        self._operations.append((operation, site or around or self.site()))
        try:
            yield
        finally:
            self._operations.pop()

    def current(self) -> Operation | None:
        """The operation that is being run, or None."""
        return self._operations[-1][0] if self._operations else None

    def unknown(self, text: str, why: str) -> None:
        """Record a step about which nothing can be said."""
        statement = Unrecognised(why)
        self._add(Parsed(text, 0, 1, statement), self.site(), 0, None, text)

    def problem(self, kind: str, message: str, line: int | None = None) -> None:
        """Note something about the file, once."""
        line = line or self.site().line
        found = Problem(kind, message, self.source.path, line, self.direction)
        if found not in self.problems:
            self.problems.append(found)

    def forget_repetitions(self) -> None:
        """Keep one of the equal steps that a loop without an end has sent."""
        kept: dict[tuple[object, ...], Step] = {}
        for step in self.steps:
            kept.setdefault((step.sql, step.line, step.via), step)
        self.steps = list(kept.values())

    # -- the tape ---------------------------------------------------------------------------

    def next_transaction(self) -> int:
        """The number of a transaction that begins now, counted from 0."""
        return next(self._transactions)

    def send(
        self,
        connection: Connection,
        sql: str,
        parameters: Any,
        columns: tuple[ResultColumn, ...] | None,
    ) -> Result:
        """Record *sql*, one step for each statement in it, and answer the last one."""
        sql.encode()  # a driver would fail here too, at half a character
        if (why := not_known(sql)) is not None:
            self.unknown(sql, why)
            return Result(columns or ())
        parsed = self.record(connection, sql, parameters)
        if not parsed:
            return Result()
        return self._answer(parsed[-1], columns)

    def record(
        self, connection: Connection, sql: str, parameters: Any = None
    ) -> tuple[Parsed, ...]:
        """Record *sql*, one step for each statement in it; nobody waits for an answer."""
        parsed = parse(sql)
        self._record(connection, parsed, parameters)
        if len(self.steps) > STATEMENT_LIMIT:
            raise TooManyStatements
        return parsed

    def record_of(
        self, operation: Operation | None, site: Site, connection: Connection, sql: str
    ) -> None:
        """Record *sql*, which *operation* sends at *site*."""
        self._operations.append((operation, site))
        self.record(connection, sql)
        self._operations.pop()

    def _record(self, connection: Connection, parsed: tuple[Parsed, ...], parameters: Any) -> None:
        site = self._operations[-1][1] if self._operations else self.site()
        line = site.line
        joint: int | None = None
        for one in parsed:
            place = site
            if len(parsed) > 1:
                line = self.source.find(one.sql, line, site.end_line) or line
                last = min(site.end_line, line + one.sql.count("\n"))
                place = Site(line, last, site.via)
            control = one.statement if isinstance(one.statement, TransactionControl) else None
            if control is not None:
                self._control(connection, control, before=True)
            transaction = connection.transaction()
            if transaction is None and len(parsed) > 1:
                # The server runs a text with several statements as one transaction.
                joint = self.next_transaction() if joint is None else joint
            own = joint if transaction is None else transaction
            joined = connection.in_text or (transaction is None and joint is not None)
            self._add(one, place, own, parameters, one.sql, joined=joined)
            if control is not None:
                self._control(connection, control, before=False)
                if _ends_transaction(control):
                    joint = None

    def _add(
        self,
        one: Parsed,
        place: Site,
        transaction: int | None,
        parameters: Any,
        sql: str,
        *,
        joined: bool = False,
    ) -> None:
        self.schema.add(one.statement)
        self.steps.append(
            Step(
                sql=sql,
                statement=one.statement,
                file=self.source.path,
                line=place.line,
                end_line=place.end_line,
                via=place.via,
                op=self.current(),
                transaction=transaction,
                comments=one.comments,
                parameters=parameters,
                joined=joined,
            )
        )

    def _control(
        self, connection: Connection, statement: TransactionControl, *, before: bool
    ) -> None:
        kind = statement.kind.lower()
        if before and kind in ("begin", "start"):
            connection.begin_by_text()
        elif not before and _ends_transaction(statement):
            connection.end_by_text(begins_again=self._begins_again)

    def _answer(self, one: Parsed, columns: tuple[ResultColumn, ...] | None) -> Result:
        text, statement = one.sql, one.statement
        if columns is None and not returns_rows(text, statement):
            return self._count(text, statement)
        columns = columns or columns_of(text, statement, self.schema)
        found = self._ask(text)
        result, hung = answer(
            text, statement, columns, found=found, schema=self.schema, serial=self._serial
        )
        if hung:
            self.reads.append(self.site().line)
        return result

    def _count(self, text: str, statement: Statement) -> Result:
        if isinstance(statement, Insert) and statement.rows is not None:
            return Result(count=statement.rows)
        if isinstance(statement, Insert | Update | Delete | Merge):
            if "rowcount" in self.source.text:
                self.reads.append(self.site().line)
            return Result(count=int(self._ask(text)))
        return Result()

    def _ask(self, text: str) -> bool:
        """Whether a query finds something: at most once at one place, or a loop never ends.

        Two texts that differ in numbers alone are one: the offset or the keys of a batch.
        """
        if not self._found:
            return False
        question = _NUMBER.sub("0", text), _places(self.source.filename, sys._getframe(1))
        if question in self._asked:
            return False
        self._asked.add(question)
        return True


def _ends_transaction(statement: TransactionControl) -> bool:
    return statement.kind.lower() in ("commit", "rollback", "end")


def _places(filename: str, frame: FrameType | None) -> frozenset[tuple[int, int]]:
    """Where *frame* and its callers are in the file; a recursion is in the same places again."""
    found = set()
    while frame is not None:
        if frame.f_code.co_filename == filename:
            found.add((id(frame.f_code), frame.f_lasti))
        frame = frame.f_back
    return frozenset(found)
