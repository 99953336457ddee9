"""Objects that running code uses."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("DROP VIEW adults")  # MS307
    op.execute("DROP MATERIALIZED VIEW totals")  # MS307
