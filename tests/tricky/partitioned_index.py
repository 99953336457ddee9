"""An index of a partitioned table is built on each partition."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.create_index("ix_events", "events", ["id"])  # MS101
