"""Column, values and NOT NULL in one transaction."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.add_column("orders", sa.Column("currency", sa.String(3), nullable=True))
    op.execute("UPDATE orders SET currency = 'EUR'")  # MS110
    op.alter_column("orders", "currency", nullable=False)  # MS106
