"""MS801: a table whose rows have no identity."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.rule import Design, DesignRule, Remark
from migsafe.models.serving import foreign_keys, is_mandatory
from migsafe.rule import Severity
from migsafe.rule.words import listed


class MissingPrimaryKey(DesignRule):
    """A table has no primary key.

    Nothing tells two of its rows apart, the same row can be stored twice, other tables cannot
    refer to it, and logical replication cannot repeat its updates and deletes. A table that links
    two others has the pair of its foreign keys as primary key.
    """

    code = "MS801"
    severity = Severity.ERROR
    bad = (
        """
        sa.Table("events", Base.metadata, sa.Column("name", sa.Text, nullable=False))
        """,
        """
        sa.Table(
            "friends",
            Base.metadata,
            sa.Column("user_id", ForeignKey("users.id"), nullable=False, index=True),
            sa.Column("friend_id", ForeignKey("users.id"), nullable=False, index=True),
        )
        """,
    )
    good = (
        """
        sa.Table(
            "friends",
            Base.metadata,
            sa.Column("user_id", ForeignKey("users.id"), primary_key=True),
            sa.Column("friend_id", ForeignKey("users.id"), primary_key=True, index=True),
        )
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for table in design.tables():
            if table.primary_key is None and table.unknown is None:
                keys = [k.columns for k in foreign_keys(table) if is_mandatory(table, k.columns)]
                remedy = "Give it a column, or the columns together, that identify a row."
                if len(keys) == 2:
                    remedy = f"Say primary_key=True at {listed(c for key in keys for c in key)}."
                yield Remark(
                    table.name, f"{table.name.display()} has no primary key", remedy=remedy
                )
