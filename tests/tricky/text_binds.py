"""Text with bound values, in which words are data, and one without a condition."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute(
        sa.text("UPDATE accounts SET plan = :plan WHERE id = :id").bindparams(
            plan="DELETE FROM orders", id=3
        )
    )
    statement = sa.text("UPDATE accounts SET plan = :plan").bindparams(plan="WHERE id = 1")
    op.get_bind().execute(statement)  # MS601
