"""As many rows are written as a table has."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"
accounts = sa.table("accounts", sa.column("id"), sa.column("name"))
people = sa.table("people", sa.column("id"), sa.column("name"))


def upgrade():
    op.create_table(
        "people", sa.Column("id", sa.BigInteger(), primary_key=True), sa.Column("name", sa.Text())
    )
    op.drop_index("ix_orders_account", table_name="orders")  # MS102
    select = sa.select(accounts.c.id, accounts.c.name)
    op.get_bind().execute(people.insert().from_select(["id", "name"], select))  # MS110
