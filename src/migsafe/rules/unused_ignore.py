"""MS903: an ignore comment with nothing to ignore."""

from __future__ import annotations

from migsafe.rule import Rule, Severity


class UnusedIgnore(Rule):
    """An ignore comment stands where there is no such finding, or has expired.

    It hides the next finding that somebody writes into that place. Remove it.
    """

    code = "MS903"
    severity = Severity.WARNING
    bad = (
        'op.execute("SELECT 1")  # migsafe: ignore[MS101] the table is small',
        """
        # migsafe: ignore[MS101] until 2020-01-31: the table is small
        op.create_index("ix_users_email", "users", ["email"])
        """,
    )
    good = (
        """
        # migsafe: ignore[MS101] the table is small
        op.create_index("ix_users_email", "users", ["email"])
        """,
    )
    safe_way = "Remove the comment, or give it a new date."
