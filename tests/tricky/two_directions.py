"""The upgrade is harmless, the downgrade drops what it did not create."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.create_table("carts", sa.Column("id", sa.BigInteger(), primary_key=True))


def downgrade():
    op.drop_table("carts")
    op.drop_column("accounts", "credit")  # MS504
