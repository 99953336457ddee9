"""A table that is made and dropped here."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.create_table("scratch", sa.Column("id", sa.Integer()), sa.Column("name", sa.Text()))
    op.create_index("ix_scratch", "scratch", ["id"])
    op.alter_column("scratch", "name", nullable=False)
    op.rename_table("scratch", "scraps")
    op.execute("DELETE FROM scraps")
    op.drop_table("scraps")
