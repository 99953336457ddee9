"""MS701: a history with more than one end."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import History, Migration
from migsafe.rule import Rule
from migsafe.rule.lines import line_of
from migsafe.rule.words import listed


class SeveralHeads(Rule):
    """The history has several heads, so `alembic upgrade head` fails.

    Two branches added a revision to the same parent. Heads with a branch label are meant to be
    several, and are run with `alembic upgrade heads`.
    """

    code = "MS701"
    bad = (
        """
        # --- left
        pass
        # --- right
        pass
        """,
    )
    good = (
        """
        # --- left
        pass
        # --- right after left
        pass
        """,
    )
    safe_way = 'alembic merge -m "merge" heads'

    def check_history(self, history: History) -> Iterator[tuple[Migration | None, int, str]]:
        if len(history.heads) < 2:
            return
        known = {migration.revision: migration for migration in history.migrations}
        heads = [known[head] for head in sorted(history.heads) if head in known]
        if any(migration.branch_labels for migration in history.migrations) or len(heads) < 2:
            return
        names = listed(migration.revision for migration in heads)
        last = heads[-1]
        line = line_of(last.path, r"^(?:down_)?revision\b")
        yield last, line, f"the history has several heads, {names}: upgrade head fails"
