"""A copy of all rows while the table is locked."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.create_table("names", sa.Column("id", sa.BigInteger()), sa.Column("name", sa.Text()))
    op.drop_column("accounts", "address")  # MS303
    op.execute("INSERT INTO names SELECT id, name FROM accounts")  # MS110
