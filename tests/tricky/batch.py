"""Batch mode emits its statements when the block ends."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    with op.batch_alter_table("accounts", schema=None) as batch:
        batch.alter_column("level", existing_type=sa.Integer(), type_=sa.BigInteger())  # MS201
        batch.create_unique_constraint("uq_email", ["email"])  # MS107
        batch.drop_column("address")  # MS303
