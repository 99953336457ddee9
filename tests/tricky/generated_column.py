"""A stored generated column is computed for each row."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.add_column(  # MS202
        "orders", sa.Column("cents", sa.Integer(), sa.Computed("total * 100", True))
    )
