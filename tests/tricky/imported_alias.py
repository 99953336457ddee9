"""`op` under another name."""

from alembic import op as migrate

revision = "case"
down_revision = "start"


def upgrade():
    migrate.create_index("ix_age", "accounts", ["age"])  # MS101
