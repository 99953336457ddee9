"""The old table gets another name and a new one takes its place."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.create_table("visits_new", sa.Column("id", sa.BigInteger()))
    op.create_index("ix_visits_new", "visits_new", ["id"])
    op.rename_table("visits", "visits_old")  # MS302
    op.create_index("ix_visits_old", "visits_old", ["at"])  # MS101
