"""DDL as an object."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateIndex, DropTable

revision = "case"
down_revision = "start"


def upgrade():
    metadata = sa.MetaData()
    orders = sa.Table("orders", metadata, sa.Column("note", sa.Text()))
    op.execute(CreateIndex(sa.Index("ix_note", orders.c.note)))  # MS101
    op.execute(DropTable(sa.Table("visits", metadata)))  # MS304
    op.execute(  # MS303
        sa.DDL("ALTER TABLE accounts DROP COLUMN %(column)s", context={"column": "address"})
    )
