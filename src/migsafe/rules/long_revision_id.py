"""MS702: a revision id that Alembic cannot store."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import History, Migration
from migsafe.rule import Rule
from migsafe.rule.lines import line_of

_WIDTH = 32  # alembic/ddl/impl.py, version_table_impl(): String(32)


class LongRevisionId(Rule):
    """A revision id of more than 32 characters does not fit into alembic_version.

    The column `version_num` is `varchar(32)`. The upgrade runs, and then fails to record itself.
    """

    code = "MS702"
    bad = (
        """
        # --- 2024_05_17_add_the_city_and_country_of_users
        op.add_column("users", sa.Column("city", sa.Text()))
        """,
    )
    good = (
        """
        # --- 2024_05_17_city
        op.add_column("users", sa.Column("city", sa.Text()))
        """,
    )
    safe_way = "A revision id of at most 32 characters."

    def check_history(self, history: History) -> Iterator[tuple[Migration | None, int, str]]:
        for migration in history.migrations:
            if len(migration.revision) > _WIDTH:
                line = line_of(migration.path, r"^revision\b")
                length = len(migration.revision)
                yield migration, line, f"the revision id has {length} characters, {_WIDTH} fit"
