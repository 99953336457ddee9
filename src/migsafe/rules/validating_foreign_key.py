"""MS104: a foreign key checks all rows while writers of both tables wait."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.names import Name
from migsafe.rule import Context, Rule, code
from migsafe.rule.actions import new_constraints
from migsafe.rule.words import blocked, shown
from migsafe.sql.ast import AddColumn, AddConstraint, ConstraintDef, ConstraintKind


class ValidatingForeignKey(Rule):
    """Adding a foreign key reads all rows while writes to both tables wait.

    `ADD FOREIGN KEY` holds SHARE ROW EXCLUSIVE on the table and on the one it refers to for as
    long as it looks up every row. `NOT VALID` leaves the rows alone; `VALIDATE CONSTRAINT` in a
    later revision reads them while writes go on. In the same transaction that would be no gain,
    as locks are kept until commit.
    """

    code = "MS104"
    grows = True
    looks_at = (AddColumn, AddConstraint)
    bad = (
        'op.create_foreign_key("fk_orders_user", "orders", "users", ["user_id"], ["id"])',
        """
        op.add_column("orders", sa.Column("buyer_id", sa.BigInteger(), sa.ForeignKey("users.id")))
        """,
        """
        op.execute("ALTER TABLE orders ADD COLUMN seller_id bigint DEFAULT 1 REFERENCES users (id)")
        """,
    )
    good = (
        """
        op.create_foreign_key(
            "fk_orders_user", "orders", "users", ["user_id"], ["id"], postgresql_not_valid=True
        )
        """,
        'op.execute("ALTER TABLE orders ADD COLUMN seller_id bigint REFERENCES users (id)")',
        """
        op.create_table("carts", sa.Column("user_id", sa.BigInteger()))
        op.create_foreign_key("fk_carts_user", "carts", "users", ["user_id"], ["id"])
        """,
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        for table, constraint, own in _keys(step, effects, context):
            waiting = [name for name, kinds in own.blocks().items() if "writes" in kinds]
            if own.scans and table in waiting:
                name = constraint.name or f"the foreign key of {table.display()}"
                kinds = blocked(own, waiting)
                yield (
                    f"validating {name} reads all of {table.display()} "
                    f"while {kinds} of {shown(waiting)} wait"
                )

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        for table, constraint, _ in _keys(step, effects, context):
            name = code.constraint_name(constraint, table)
            added = code.add_not_valid(constraint, table, name)
            return code.revisions(added, code.validate(table, name))
        return None


def _keys(
    step: Step, effects: Effects, context: Context
) -> Iterator[tuple[Name, ConstraintDef, Effects]]:
    for part, constraint in new_constraints(step, effects, context, ConstraintKind.FOREIGN_KEY):
        if not constraint.not_valid:
            yield part.table, constraint, part.effects
