"""What the planner knows."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("CREATE STATISTICS st_plan (dependencies) ON plan, level FROM accounts")
    op.execute("ANALYZE accounts (plan, level)")
    with op.get_context().autocommit_block():
        op.execute("VACUUM (ANALYZE) orders")


def downgrade():
    op.execute("DROP STATISTICS st_plan")
