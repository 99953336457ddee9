"""A short statement with a heavy lock comes before long work."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.add_column("orders", sa.Column("kind", sa.Text()))
    op.execute("UPDATE orders SET kind = 'plain'")  # MS110
