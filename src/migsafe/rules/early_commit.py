"""MS602: an autocommit block commits half of a revision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity
from migsafe.sql.ast import (
    AddConstraint,
    AlterSequence,
    AlterTable,
    Analyze,
    CommentOn,
    DropConstraint,
    DropDefault,
    DropNotNull,
    Select,
    Set,
    SetDefault,
    SetNotNull,
    Show,
    Statement,
    TransactionControl,
    Vacuum,
    ValidateConstraint,
)

_HARMLESS = (Analyze, CommentOn, Select, Set, Show, TransactionControl, Vacuum)
_REPEATABLE = (DropDefault, DropNotNull, SetDefault, SetNotNull, ValidateConstraint)


class EarlyCommit(Rule):
    """An autocommit block commits the statements before it, whatever comes after.

    When something in or after the block fails, the revision counts as not run, but its first part
    stays; running it again fails at the first statement that finds its work done.
    """

    code = "MS602"
    severity = Severity.WARNING
    bad = (
        """
        op.add_column("users", sa.Column("city", sa.Text()))
        with op.get_context().autocommit_block():
            op.create_index("ix_users_city", "users", ["city"], postgresql_concurrently=True)
        """,
    )
    good = (
        """
        op.execute("SET lock_timeout = '3s'")
        with op.get_context().autocommit_block():
            op.create_index("ix_users_name", "users", ["name"], postgresql_concurrently=True)
        """,
        """
        op.add_column("users", sa.Column("city", sa.Text()), if_not_exists=True)
        op.execute("ALTER SEQUENCE users_id_seq CACHE 10")
        op.drop_constraint("ck_age", "users", if_exists=True)
        op.create_check_constraint("ck_age", "users", "age > 0", postgresql_not_valid=True)
        with op.get_context().autocommit_block():
            op.create_index("ix_users_city", "users", ["city"], postgresql_concurrently=True)
        """,
        """
        op.add_column("users", sa.Column("city", sa.Text()))
        with op.get_context().autocommit_block():
            op.execute("VACUUM (ANALYZE) users")
        """,
    )
    safe_way = "Give the autocommit block a revision of its own, after this one."

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        if not _commits(step) or any(_commits(earlier) for earlier, _ in context.earlier):
            return
        if any(_ended(earlier) for earlier, _ in context.earlier):
            return  # MS605
        if all(_is_harmless(rest.statement) for rest in (step, *context.later)):
            return
        before = [earlier for earlier, _ in context.earlier]
        lasting = [
            earlier
            for number, earlier in enumerate(before)
            if lasts(earlier.statement) and not _is_cleared(earlier.statement, before[:number])
        ]
        if lasting:
            lines = sorted({earlier.line for earlier in lasting})
            where = f"line {lines[0]}" if len(lines) == 1 else f"lines {lines[0]} to {lines[-1]}"
            yield f"the autocommit block commits {where}: if the rest fails, half of it stays"


def _commits(step: Step) -> bool:
    return step.autocommit or step.joined


def _ended(step: Step) -> bool:
    return isinstance(step.statement, TransactionControl) and step.statement.kind == "COMMIT"


def _is_harmless(statement: Statement) -> bool:
    return isinstance(statement, _HARMLESS) and not getattr(statement, "writes", ())


def _is_cleared(statement: Statement, before: Sequence[Step]) -> bool:
    """Whether *statement* adds constraints that one of *before* drops if they exist."""
    if not isinstance(statement, AlterTable):
        return False
    dropped = {
        action.name
        for step in before
        if isinstance(step.statement, AlterTable) and step.statement.name == statement.name
        for action in step.statement.actions
        if isinstance(action, DropConstraint) and action.if_exists
    }
    return all(
        isinstance(action, AddConstraint) and action.constraint.name in dropped
        for action in statement.actions
    )


def lasts(statement: Statement) -> bool:
    """Whether *statement* cannot be run again once it was committed."""
    if _is_harmless(statement):
        return False
    parts = statement.actions if isinstance(statement, AlterTable) else (statement,)
    return not all(
        isinstance(part, _REPEATABLE)
        or getattr(part, "if_not_exists", False)
        or getattr(part, "if_exists", False)
        or getattr(part, "or_replace", False)
        or (isinstance(part, AlterSequence) and part.options.restart is None)
        for part in parts
    )
