"""MS107: a UNIQUE or PRIMARY KEY builds its index while the table stands still."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.names import Name, quote_ident
from migsafe.rule import Context, Rule, code
from migsafe.rule.actions import new_constraints
from migsafe.sql.ast import AddColumn, AddConstraint, ConstraintDef, ConstraintKind

_KEYS = (ConstraintKind.UNIQUE, ConstraintKind.PRIMARY_KEY)


class IndexBuildingConstraint(Rule):
    """Adding UNIQUE or PRIMARY KEY builds an index while reads and writes of the table wait.

    The constraint holds ACCESS EXCLUSIVE for as long as its index is being built. A unique index
    can be built concurrently first, and becomes the constraint in an instant by `USING INDEX`.
    For a primary key the columns must be NOT NULL before, or all rows are read once more.
    """

    code = "MS107"
    grows = True
    looks_at = (AddColumn, AddConstraint)
    bad = (
        'op.create_unique_constraint("uq_users_email", "users", ["email"])',
        'op.add_column("users", sa.Column("login", sa.Text(), unique=True))',
        'op.execute("ALTER TABLE users ADD COLUMN login text UNIQUE")',
        'op.create_primary_key("pk_visits", "visits", ["id"])',
    )
    good = (
        'op.execute("ALTER TABLE users ADD CONSTRAINT uq_users_name UNIQUE USING INDEX ux_name")',
        """
        op.create_table("tags", sa.Column("name", sa.Text()))
        op.create_unique_constraint("uq_tags_name", "tags", ["name"])
        """,
    )
    setup = """
    CREATE UNIQUE INDEX ux_name ON users (name);
    CREATE TABLE visits (id bigint NOT NULL);
    INSERT INTO visits SELECT generate_series(1, 100);
    """

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        for table, constraint, own in _keys(step, effects, context):
            if not own.scans or "writes" not in own.blocks().get(table, ()):
                continue
            name = constraint.name or f"{constraint.kind.value} of {table.display()}"
            if constraint.using_index:
                work = f"reads all of {table.display()}, whose columns may hold NULL,"
            else:
                work = f"builds an index on {table.display()}"
            yield f"adding {name} {work} while its reads and writes wait"

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        for table, constraint, _ in _keys(step, effects, context):
            if constraint.using_index:
                return "Make the columns NOT NULL first; see MS106 for the safe way."
            return _recipe(table, constraint)
        return None


def _keys(
    step: Step, effects: Effects, context: Context
) -> Iterator[tuple[Name, ConstraintDef, Effects]]:
    for part, constraint in new_constraints(step, effects, context, *_KEYS):
        if isinstance(part.action, AddConstraint) or not part.effects.rewrites:
            yield part.table, constraint, part.effects


def _recipe(table: Name, constraint: ConstraintDef) -> str:
    name = code.constraint_name(constraint, table)
    built = code.call(
        "op.create_index",
        code.text(name),
        code.text(table.name),
        code.strings(constraint.columns),
        schema=code.schema(table),
        unique="True",
        postgresql_concurrently="True",
    )
    ident = quote_ident(name)
    kind = constraint.kind.value
    used = code.execute(
        f"ALTER TABLE {table.display()} ADD CONSTRAINT {ident} {kind} USING INDEX {ident}"
    )
    return code.revisions(code.autocommit(built), used)
