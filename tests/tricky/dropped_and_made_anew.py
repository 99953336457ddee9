"""A table that is replaced is not a new table."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.drop_table("visits")  # MS304
    op.create_table("visits", sa.Column("id", sa.BigInteger(), primary_key=True))
    op.create_index("ix_visits", "visits", ["id"])
