"""The change hides in a WITH."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("WITH gone AS (DELETE FROM orders RETURNING id) SELECT count(*) FROM gone")  # MS601
