"""The column brings a foreign key."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.add_column(  # MS104
        "visits", sa.Column("who", sa.BigInteger(), sa.ForeignKey("accounts.id"))
    )
