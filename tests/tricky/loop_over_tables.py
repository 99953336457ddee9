"""A loop over tables, of which one is new."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.create_table("carts", sa.Column("id", sa.BigInteger()), sa.Column("total", sa.Integer()))
    for table in ("carts", "orders"):
        op.create_index(f"ix_{table}_total", table, ["total"])  # MS101
