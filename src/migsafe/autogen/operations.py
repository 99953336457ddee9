"""Operations of our own, each with its way back and its rendering in plain alembic."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import render_op, renderers
from alembic.operations import ops

from migsafe.names import Name, quote_ident, quote_literal

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

# sqlalchemy.sql.elements.TextClause: what text() takes for a bound parameter.
_BIND = re.compile(r"(?<![:\w\\]):(?=\w+(?!:))")


def text_sql(sql: str) -> str:
    """Escape *sql* so that `sqlalchemy.text()` finds no bound parameter in it."""
    return _BIND.sub(r"\\:", sql)


def execute_lines(sql: str) -> list[str]:
    """Render one statement as `op.execute(…)`."""
    written = text_sql(sql)
    if len(written) < 80 or "\n" in written:
        return [f"op.execute({written!r})"]
    return ["op.execute(", f"    {written!r}", ")"]


def do_block(body: str) -> str:
    """Return the PL/pgSQL statements *body* as one `DO` statement."""
    block = f"BEGIN {body} END"
    return f"DO $$ {block} $$" if "$$" not in block else f"DO {quote_literal(block)}"


def remarks(text: str) -> list[str]:
    """Return the lines of *text* as comments; nothing in it can end the comment."""
    return [f"# {line}".rstrip() for line in text.splitlines()]


class SqlOp(ops.MigrateOperation):
    """Statements to run one after the other, and those that undo them.

    *title* says in a few words what it does, for `alembic check`. *slow* says that it may take long
    under a lock that lets others work, so that nothing else should share its transaction. *again*
    are both in a form that may run when they have run before, where the plain one may not.
    """

    def __init__(
        self,
        title: str,
        up: Sequence[str],
        down: Sequence[str],
        *,
        slow: bool = False,
        again: tuple[Sequence[str], Sequence[str]] | None = None,
    ):
        self.title = title
        self.slow = slow
        self.up = tuple(up)
        self.down = tuple(down)
        self.again = again

    def reverse(self) -> SqlOp:
        """The operation that undoes this one."""
        again = self.again and (self.again[1], self.again[0])
        return SqlOp(f"undo: {self.title}", self.down, self.up, again=again)

    def repeatable(self) -> SqlOp:
        """The operation in the form that may run when it has run before."""
        return self if self.again is None else SqlOp(self.title, *self.again)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """What `alembic check` prints."""
        return ("migsafe", self.title)


class DropConstraintSqlOp(SqlOp):
    """Drop a constraint of *table*, which comes back with *body* (what follows its name).

    For what Alembic has no word for, as EXCLUDE and NOT ENFORCED; it comes before columns get other
    types.
    """

    def __init__(self, table: Name, name: str, body: str):
        self.table = table
        self.name = name
        up, down = (constraint_sql(table, name, text) for text in (None, body))
        super().__init__(f"drop constraint {name}", [up], [down])


def constraint_sql(table: Name, name: str, body: str | None) -> str:
    """Return the statement after which *table* has the constraint *name* with *body*, or none."""
    drop = f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {quote_ident(name)}"
    return drop if body is None else f"{drop}, ADD CONSTRAINT {quote_ident(name)} {body}"


class ObjectOp(SqlOp):
    """Statements on a declared object in *schema*.

    *absent* is what is away while the tables change, as a collection of the catalog and a key.
    """

    absent: tuple[str, Any] | None = None
    schema: str | None = None

    def reverse(self) -> ObjectOp:
        """The way back."""
        again = self.again and (self.again[1], self.again[0])
        return ObjectOp(f"undo: {self.title}", self.down, self.up, again=again)


class StepsOps(ops.OpContainer):
    """Steps that do what *operations* are in Alembic's terms: `alembic check` prints those."""

    def __init__(
        self,
        operations: Sequence[ops.MigrateOperation],
        steps: Sequence[ops.MigrateOperation],
    ):
        super().__init__(operations)
        self.steps = tuple(steps)


class AutocommitOps(StepsOps):
    """Steps that run outside of a transaction, each committed by itself."""


@renderers.dispatch_for(SqlOp)
def _render_sql(context: AutogenContext, op: SqlOp) -> list[str]:
    return [line for sql in op.up for line in execute_lines(sql)]


@renderers.dispatch_for(AutocommitOps)
def _render_autocommit(context: AutogenContext, block: AutocommitOps) -> list[str]:
    body = [line for step in block.steps for line in render_op(context, step)]
    return [
        "# Each of these steps is committed by itself. If one fails, run the migration again.",
        "with op.get_context().autocommit_block():",
        *body,
        "",
    ]


@renderers.dispatch_for(StepsOps)
def _render_steps(context: AutogenContext, container: StepsOps) -> list[str]:
    return [line for step in container.steps for line in render_op(context, step)]
