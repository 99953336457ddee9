"""MS904: an ignore comment that says no reason."""

from __future__ import annotations

from migsafe.rule import Rule, Severity


class UnexplainedIgnore(Rule):
    """An ignore comment names no rule or gives no reason, and therefore ignores nothing.

    Whoever reads it next year has to know what was accepted, and why.
    """

    code = "MS904"
    severity = Severity.WARNING
    bad = (
        """
        # migsafe: ignore[MS101]
        op.create_index("ix_users_email", "users", ["email"])
        """,
        'op.execute("SELECT 1")  # migsafe: ignore',
    )
    good = (
        """
        # migsafe: ignore[MS101] the table is small
        op.create_index("ix_users_email", "users", ["email"])
        """,
    )
    safe_way = "# migsafe: ignore[MS101] users has 200 rows"
