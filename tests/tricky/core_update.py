"""Rows changed by a Core statement without a condition."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"

orders = sa.table("orders", sa.column("id"), sa.column("total"), sa.column("note"))


def upgrade():
    op.execute(orders.update().values(total=orders.c.total * 100))  # MS601
    op.execute(sa.delete(orders).where(orders.c.note.is_(None)))  # MS601
