"""MS106: SET NOT NULL reads all rows while the table stands still."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.catalog import Table
from migsafe.effects import Effects
from migsafe.effects.not_null import is_proven
from migsafe.names import Name, quote_ident
from migsafe.rule import Context, Rule, code, parts
from migsafe.sql.ast import AddConstraint, ConstraintKind, SetNotNull


class ScanningNotNull(Rule):
    """Setting NOT NULL reads all rows while reads and writes of the table wait.

    `SET NOT NULL` holds ACCESS EXCLUSIVE for as long as it looks for a NULL, and fails when it
    finds one. A valid CHECK of `column IS NOT NULL` proves that there is none, and then nothing
    is read. PostgreSQL 18 can add the NOT NULL constraint itself as NOT VALID.
    """

    code = "MS106"
    grows = True
    looks_at = (AddConstraint, SetNotNull)
    bad = (
        'op.alter_column("users", "email", nullable=False)',
        """
        op.execute("ALTER TABLE users ADD CONSTRAINT ck_email CHECK (email IS NOT NULL) NOT VALID")
        op.execute("ALTER TABLE users ALTER COLUMN email SET NOT NULL")
        """,
    )
    good = (
        'op.alter_column("users", "joined", nullable=False)',
        'op.alter_column("users", "name", nullable=False)',
    )
    setup = "ALTER TABLE users ADD CONSTRAINT ck_users_name CHECK (name IS NOT NULL);"

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        for table, column, own in _columns(step, effects, context):
            reads = bool(own.scans) or _is_unproven(context.catalog.table(table), column)
            if reads and "writes" in own.blocks().get(table, ()):
                yield (
                    f"making {table.display()}.{column} NOT NULL reads all of "
                    f"{table.display()} while its reads and writes wait"
                )

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        for table, column, _ in _columns(step, effects, context):
            return _recipe(table, column)
        return None


def _columns(step: Step, effects: Effects, context: Context) -> Iterator[tuple[Name, str, Effects]]:
    for part in parts(step, effects, context, SetNotNull):
        yield part.table, part.action.column, part.effects
    for added in parts(step, effects, context, AddConstraint):
        constraint = added.action.constraint
        if constraint.kind is ConstraintKind.NOT_NULL and not constraint.not_valid:
            yield added.table, constraint.columns[0], added.effects


def _is_unproven(table: Table | None, column: str) -> bool:
    """Whether *column* is one of a table that was made elsewhere, and nothing proves its values."""
    if table is None or not table.unknown or table.column(column) is not None:
        return False
    return not is_proven(table, column)


def _recipe(table: Name, column: str) -> str:
    name = f"ck_{table.name}_{column}_not_null"
    added = code.call(
        "op.create_check_constraint",
        code.text(name),
        code.text(table.name),
        code.text(f"{quote_ident(column)} IS NOT NULL"),
        schema=code.schema(table),
        postgresql_not_valid="True",
    )
    place = {"schema": code.schema(table)}
    proven = code.call(
        "op.alter_column", code.text(table.name), code.text(column), nullable="False", **place
    )
    dropped = code.call("op.drop_constraint", code.text(name), code.text(table.name), **place)
    return code.revisions(added, "\n".join([code.validate(table, name), proven, dropped]))
