"""A new partition stops the parent."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute(  # MS109
        "CREATE TABLE events_2025 PARTITION OF events"
        " FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"
    )
    op.execute("ALTER TABLE events DETACH PARTITION events_2024")  # MS114
