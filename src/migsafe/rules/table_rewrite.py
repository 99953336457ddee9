"""MS203: a table gets new storage while it stands still."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, parts
from migsafe.rule.words import shown
from migsafe.sql.ast import (
    Action,
    Cluster,
    MoveAll,
    SetAccessMethod,
    SetExpression,
    SetPersistence,
    SetTablespace,
    Statement,
    Vacuum,
)

_ACTIONS: tuple[tuple[type[Action], str], ...] = (
    (SetPersistence, "SET LOGGED or UNLOGGED"),
    (SetAccessMethod, "SET ACCESS METHOD"),
    (SetTablespace, "SET TABLESPACE"),
    (SetExpression, "SET EXPRESSION"),
)
_STATEMENTS: tuple[tuple[type[Statement], str], ...] = (
    (Vacuum, "VACUUM FULL"),
    (Cluster, "CLUSTER"),
    (MoveAll, "SET TABLESPACE"),
)


class TableRewrite(Rule):
    """Moving or packing a table writes all of it anew while its reads and writes wait.

    `VACUUM FULL`, `CLUSTER`, `SET LOGGED`, `SET UNLOGGED`, `SET ACCESS METHOD`, `SET TABLESPACE`
    and `SET EXPRESSION` of a stored column copy the table under ACCESS EXCLUSIVE.
    """

    code = "MS203"
    grows = True
    looks_at = (*(kind for kind, _ in _STATEMENTS), *(kind for kind, _ in _ACTIONS))
    bad = (
        """
        with op.get_context().autocommit_block():
            op.execute("VACUUM FULL users")
        """,
        'op.execute("CLUSTER orders USING ix_orders_status")',
        'op.execute("ALTER TABLE users SET UNLOGGED")',
    )
    good = (
        'op.execute("ALTER TABLE users SET (fillfactor = 90)")',
        'op.execute("ALTER TABLE orders CLUSTER ON ix_orders_status")',
        """
        with op.get_context().autocommit_block():
            op.execute("VACUUM ANALYZE users")
        """,
    )
    safe_way = (
        "Outside of migrations, pg_repack or pg_squeeze copy a table while it is being used. "
        "A plain VACUUM frees space for new rows without blocking."
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        for kind, words in _STATEMENTS:
            if isinstance(step.statement, kind) and effects.rewrites:
                yield _message(words, effects)
        for action, words in _ACTIONS:
            for part in parts(step, effects, context, action):
                if part.effects.rewrites:
                    yield _message(words, part.effects)


def _message(words: str, effects: Effects) -> str:
    tables = shown(effects.rewrites)
    return f"{words} writes all of {tables} anew while its reads and writes wait"
