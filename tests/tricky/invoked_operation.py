"""Operation objects made by hand and invoked."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import ops

revision = "case"
down_revision = "start"


def upgrade():
    op.invoke(ops.CreateIndexOp("ix_seen", "accounts", ["seen_at"]))  # MS101
    op.invoke(  # MS106
        ops.AlterColumnOp("accounts", "address", modify_nullable=False, existing_type=sa.Text())
    )
    op.invoke(ops.DropTableOp("visits"))  # MS304
