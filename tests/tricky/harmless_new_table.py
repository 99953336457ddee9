"""Everything about a new table."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    name = "car" + "ts"
    op.create_table(name, sa.Column("id", sa.BigInteger(), primary_key=True))
    op.add_column(name, sa.Column("number", sa.Integer(), nullable=False))
    op.create_unique_constraint("uq_number", name, ["number"])
    op.create_check_constraint("ck_number", name, "number > 0")
    with op.batch_alter_table(name) as batch:
        batch.create_index("ix_number", ["number"])
        batch.alter_column("number", type_=sa.BigInteger())
