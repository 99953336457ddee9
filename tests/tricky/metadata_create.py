"""Tables made by metadata, an index of an old one too."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    metadata = sa.MetaData()
    carts = sa.Table("carts", metadata, sa.Column("id", sa.BigInteger(), index=True))
    metadata.create_all(op.get_bind())
    orders = sa.Table("orders", metadata, sa.Column("total", sa.Integer()))
    sa.Index("ix_total", orders.c.total).create(op.get_bind())  # MS101
    carts.drop(op.get_bind())
