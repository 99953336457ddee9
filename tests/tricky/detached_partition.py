"""A partition leaves its table."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("ALTER TABLE events DETACH PARTITION events_2024")  # MS114
