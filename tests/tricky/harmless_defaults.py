"""Constant and stable defaults are metadata."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.add_column(
        "accounts", sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.add_column(
        "accounts",
        sa.Column("made", sa.DateTime(True), nullable=False, server_default=sa.func.now()),
    )
    op.execute("ALTER TABLE orders ADD COLUMN day date NOT NULL DEFAULT CURRENT_DATE")
    op.execute("ALTER TABLE orders ADD COLUMN tags text[] NOT NULL DEFAULT '{}'")
