"""Rows go by a join."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"
accounts = sa.table("accounts", sa.column("id"), sa.column("plan"))
orders = sa.table("orders", sa.column("account_id"))


def upgrade():
    op.execute(orders.delete().where(orders.c.account_id == accounts.c.id))  # MS601
