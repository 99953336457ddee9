"""A guard that looks first, and creates what is missing."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    inspector = sa.inspect(op.get_bind())
    if "carts" not in inspector.get_table_names():
        op.create_table(
            "carts",
            sa.Column("id", sa.BigInteger(), primary_key=True),
            sa.Column("owner", sa.String(50), nullable=False),
        )
        op.create_index("ix_carts_owner", "carts", ["owner"])
        op.create_unique_constraint("uq_carts_owner", "carts", ["owner"])
    if not any(c["name"] == "gift" for c in inspector.get_columns("orders")):
        op.add_column("orders", sa.Column("gift", sa.Text()))


def downgrade():
    op.drop_column("orders", "gift")
    op.drop_table("carts")
