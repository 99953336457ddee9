"""The guard asks the database; the statement may run."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    inspector = sa.inspect(op.get_bind())
    if "address" in [column["name"] for column in inspector.get_columns("accounts")]:
        op.drop_column("accounts", "address")  # MS303
    if not inspector.has_table("carts"):
        op.create_table("carts", sa.Column("id", sa.BigInteger()))
