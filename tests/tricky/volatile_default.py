"""Defaults that differ from row to row."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.add_column(  # MS202
        "accounts", sa.Column("token", sa.Uuid(), server_default=sa.text("gen_random_uuid()"))
    )
    op.execute(  # MS202
        "ALTER TABLE accounts ADD COLUMN since timestamptz DEFAULT clock_timestamp()"
    )
