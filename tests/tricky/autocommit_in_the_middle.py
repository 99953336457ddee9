"""The block commits what was done before."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.add_column("accounts", sa.Column("city", sa.Text()))
    with op.get_context().autocommit_block():
        op.create_index(  # MS602 MS408
            "ix_city", "accounts", ["city"], postgresql_concurrently=True, if_not_exists=True
        )
