"""What a migration does to the run around it: it ends the program, or Alembic's transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from migsafe.capture.deadline import Expired

_ENDS = re.compile(
    r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*(?:COMMIT|END|ROLLBACK|ABORT)\b"
    r"(?!(?:\s+(?:WORK|TRANSACTION))?\s+(?:TO|PREPARED)\b)",
    re.I | re.S,
)


class ProgramEnded(Exception):
    """A migration has called `sys.exit()`, or raised what nobody but Python itself handles."""


class Unrecorded(Exception):
    """A migration went well, and Alembic's version table does not know."""


class Watch:
    """Looks on while migrations run.

    Attributes:
        ended: whether one has ended the transaction that Alembic had opened for it, other than by
            Alembic's own ``autocommit_block()``.
    """

    def __init__(self) -> None:
        self.ended = False
        self._by_alembic = 0

    def over(self, migration: Callable[..., Any]) -> Callable[..., None]:
        """*migration*, the function of a step of Alembic's, with somebody who looks on."""

        def run(**options: Any) -> None:
            from alembic import op

            try:
                with self._listening(op.get_context()):
                    migration(**options)
            except (Exception, KeyboardInterrupt, Expired):
                raise
            except BaseException as error:
                code = error.code if isinstance(error, SystemExit) else error
                raise ProgramEnded(f"it ends the program, with {code!r}") from error

        return run

    @contextmanager
    def _listening(self, context: Any) -> Iterator[None]:
        from sqlalchemy import event

        connection = context.connection
        if connection is None or not _is_in_transaction(connection):
            yield
            return
        listeners = (
            ("commit", self._on_end),
            ("rollback", self._on_end),
            ("before_cursor_execute", self._on_statement),
        )
        for name, listener in listeners:
            event.listen(connection, name, listener)
        try:
            with self._own_blocks_left_out(context):
                yield
        finally:
            for name, listener in listeners:
                event.remove(connection, name, listener)

    @contextmanager
    def _own_blocks_left_out(self, context: Any) -> Iterator[None]:
        original = context.autocommit_block

        @contextmanager
        def block() -> Iterator[None]:
            self._by_alembic += 1
            try:
                with original():
                    yield
            finally:
                self._by_alembic -= 1

        context.autocommit_block = block
        try:
            yield
        finally:
            del context.autocommit_block

    def _on_end(self, connection: Any) -> None:
        self.ended = self.ended or not self._by_alembic

    def _on_statement(self, connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        if _ENDS.match(statement):
            self._on_end(connection)


def _is_in_transaction(connection: Any) -> bool:
    driver = getattr(connection.connection, "dbapi_connection", None)
    return connection.in_transaction() and not getattr(driver, "autocommit", False)
