"""Commands that write tables anew."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("CLUSTER orders USING ix_orders_account")  # MS203
    op.execute("ALTER TABLE visits SET UNLOGGED")  # MS203
    op.execute("REFRESH MATERIALIZED VIEW totals")  # MS112
