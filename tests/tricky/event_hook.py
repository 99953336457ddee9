"""An index that a listener of the metadata builds."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"
metadata = sa.MetaData()
carts = sa.Table("carts", metadata, sa.Column("id", sa.BigInteger(), primary_key=True))
sa.event.listen(carts, "after_create", sa.DDL("CREATE INDEX ix_total ON orders (total)"))


def upgrade():
    carts.create(op.get_bind())  # MS101
