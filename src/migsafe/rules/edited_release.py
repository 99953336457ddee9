"""MS706: a migration is edited after others have run it."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import History, Migration
from migsafe.rule import Rule, Severity


class EditedRelease(Rule):
    """A migration that the base branch has already does something else on this branch.

    Databases that have run it keep what the old text made, new ones get what the new text makes.
    `migsafe check --since origin/main` compares with that branch; comments, docstrings, layout
    and the downgrade may change.
    """

    code = "MS706"
    severity = Severity.WARNING
    bad = (
        """
        # --- example
        op.add_column("users", sa.Column("city", sa.String(100)))
        # --- example as released
        op.add_column("users", sa.Column("city", sa.String(50)))
        """,
    )
    good = (
        """
        # --- example
        # The application fills it.
        op.add_column("users", sa.Column("city", sa.String(50)))
        # --- example as released
        op.add_column("users", sa.Column("city", sa.String(50)))
        """,
    )
    safe_way = "Leave the released migration as it was, and make the change in a new revision."

    def check_history(self, history: History) -> Iterator[tuple[Migration | None, int, str]]:
        by_path = {migration.path: migration for migration in history.migrations}
        for problem in history.problems:
            if problem.kind == "edited":
                yield by_path[problem.file], problem.line or 1, problem.message
