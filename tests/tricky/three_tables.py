"""One transaction that stops many tables."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    for table in ("accounts", "orders", "visits"):
        op.add_column(table, sa.Column("tenant", sa.Integer()))  # MS604
