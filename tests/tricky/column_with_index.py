"""The column brings an index and a constraint."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.add_column("accounts", sa.Column("slug", sa.Text(), index=True))  # MS101
    op.add_column("orders", sa.Column("code", sa.Text(), unique=True))  # MS107
