"""Online and offline do different things."""

from alembic import context, op

revision = "case"
down_revision = "start"


def upgrade():
    if context.is_offline_mode():
        op.execute("SELECT 1")
    else:
        op.execute("CREATE UNIQUE INDEX uq_name ON accounts (name)")  # MS101
