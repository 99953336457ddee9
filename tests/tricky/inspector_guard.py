"""Hazards behind questions to the inspector."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    inspector = sa.inspect(op.get_bind())
    names = {column["name"] for column in inspector.get_columns("accounts")}
    if "address" in names:
        op.drop_column("accounts", "address")  # MS303
    if not inspector.has_table("carts"):
        op.create_table("carts", sa.Column("id", sa.BigInteger(), primary_key=True))
    if inspector.has_table("visits") and "ix_at" not in [
        index["name"] for index in inspector.get_indexes("visits")
    ]:
        op.create_index("ix_at", "visits", ["at"])  # MS101
