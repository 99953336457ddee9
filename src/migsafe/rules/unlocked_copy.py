"""MS412: a table is exchanged for a copy that lacks what was written meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.names import Name
from migsafe.rule import Context, Rule, code
from migsafe.rule.later import comes_back
from migsafe.sql.ast import CreateTableAs, Insert, ObjectKind, Rename


class UnlockedCopy(Rule):
    """A table gives its name to a copy of it, and rows written during the copy are lost.

    The copy has the rows that were committed when the copying statement began. What others write
    from then on, until the exchange is committed, goes to the old table and is found no more.
    A trigger that carries every change over, made before the copy begins, keeps both equal.
    """

    code = "MS412"
    looks_at = (Rename,)
    bad = (
        """
        op.execute("CREATE TABLE users_new (LIKE users INCLUDING ALL)")
        op.execute("INSERT INTO users_new SELECT * FROM users")
        op.rename_table("users", "users_old")
        op.rename_table("users_new", "users")
        """,
    )
    setup = """
        CREATE FUNCTION carry() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    """
    good = (
        """
        # --- prepare
        op.execute("CREATE TABLE users_new (LIKE users INCLUDING ALL)")
        op.execute(
            "CREATE TRIGGER carry AFTER INSERT OR UPDATE OR DELETE ON users"
            " FOR EACH ROW EXECUTE FUNCTION carry()"
        )
        # --- example after prepare
        op.execute("INSERT INTO users_new SELECT * FROM users ON CONFLICT DO NOTHING")
        op.rename_table("users", "users_old")
        op.rename_table("users_new", "users")
        """,
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        old = _renamed(step, context)
        if old is None or not effects.locks or not comes_back(old, context.later):
            return
        for number, (earlier, _) in enumerate(context.earlier):
            if _copies(earlier, old, context) and not _is_kept(old, context, number):
                yield (
                    f"rows that others write to {old.display()} after line {earlier.line} has "
                    "copied it are not in the table that takes its place"
                )

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        old = _renamed(step, context)
        if old is None:
            return None
        return (
            code.execute(
                f"CREATE TRIGGER carry AFTER INSERT OR UPDATE OR DELETE ON {old.display()}"
                " FOR EACH ROW EXECUTE FUNCTION carry()"
            )
            + "  # in a revision before; carry() writes each change to the copy"
        )


def _renamed(step: Step, context: Context) -> Name | None:
    statement = step.statement
    if not isinstance(statement, Rename) or statement.kind is not ObjectKind.TABLE:
        return None
    found = context.catalog.table(statement.name)
    return found.name if found and statement.sub_name is None else None


def _copies(step: Step, table: Name, context: Context) -> bool:
    statement = step.statement
    if not isinstance(statement, Insert | CreateTableAs) or (
        isinstance(statement, Insert) and statement.rows is not None
    ):
        return False
    return any(context.catalog.qualify(read) == table for read in statement.reads)


def _is_kept(table: Name, context: Context, number: int) -> bool:
    """Whether nothing was lost when step *number* copied *table*.

    A trigger carried changes over, or writers were kept out already.
    """
    found = context.start.table(table) if context.start else None
    if found and any(t.timing == "AFTER" and "INSERT" in t.events for t in found.triggers):
        return True
    return any(
        "writes" in effects.blocks().get(table, ())
        for step, effects in context.earlier[:number]
        if not step.autocommit and step.transaction == context.number
    )
