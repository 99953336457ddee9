"""The column is new, its table is not."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.add_column("accounts", sa.Column("org", sa.Integer()))
    op.create_index("ix_org", "accounts", ["org"])  # MS101
    op.drop_index("ix_org", "accounts")
