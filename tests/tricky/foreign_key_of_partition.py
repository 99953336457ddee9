"""A key from a partitioned table, inline in a new column."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.add_column(  # MS104
        "events", sa.Column("account_id", sa.BigInteger(), sa.ForeignKey("accounts.id"))
    )
