"""MS105: a CHECK reads all rows while the table stands still."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.names import Name
from migsafe.rule import Context, Rule, code
from migsafe.rule.actions import new_constraints
from migsafe.sql.ast import AddColumn, AddConstraint, ConstraintDef, ConstraintKind


class ValidatingCheck(Rule):
    """Adding a CHECK reads all rows while reads and writes of the table wait.

    `ADD CONSTRAINT … CHECK` holds ACCESS EXCLUSIVE for as long as it checks every row. `NOT VALID`
    leaves the rows alone; `VALIDATE CONSTRAINT` in a later revision reads them under a lock that
    stands in nobody's way.
    """

    code = "MS105"
    grows = True
    looks_at = (AddColumn, AddConstraint)
    bad = (
        'op.create_check_constraint("ck_users_age", "users", "age >= 0")',
        'op.execute("ALTER TABLE users ADD COLUMN height integer CHECK (height > 0)")',
    )
    good = (
        """
        op.create_check_constraint(
            "ck_users_age", "users", "age >= 0", postgresql_not_valid=True
        )
        """,
        """
        op.create_table("tags", sa.Column("weight", sa.Integer()))
        op.create_check_constraint("ck_tags_weight", "tags", "weight >= 0")
        """,
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        for table, constraint, own in _checks(step, effects, context):
            if own.scans and "writes" in own.blocks().get(table, ()):
                name = constraint.name or f"a CHECK of {table.display()}"
                yield (
                    f"checking {name} reads all of {table.display()} "
                    "while its reads and writes wait"
                )

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        for table, constraint, _ in _checks(step, effects, context):
            name = code.constraint_name(constraint, table)
            added = code.add_not_valid(constraint, table, name)
            return code.revisions(added, code.validate(table, name))
        return None


def _checks(
    step: Step, effects: Effects, context: Context
) -> Iterator[tuple[Name, ConstraintDef, Effects]]:
    for part, constraint in new_constraints(step, effects, context, ConstraintKind.CHECK):
        if isinstance(part.action, AddColumn) and part.effects.rewrites:
            continue  # the rewrite checks the rows on its way, and is MS202
        if not constraint.not_valid:
            yield part.table, constraint, part.effects
