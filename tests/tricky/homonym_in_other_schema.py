"""The new table has the name of an old one in another schema."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.create_table("orders", sa.Column("total", sa.Integer()), schema="billing")
    op.create_index("ix_new", "orders", ["total"], schema="billing")
    op.create_index("ix_old", "orders", ["total"])  # MS101
