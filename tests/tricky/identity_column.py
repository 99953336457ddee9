"""New columns that number the rows."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.add_column(  # MS202
        "visits", sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False)
    )
    op.execute("ALTER TABLE orders ADD COLUMN number bigserial")  # MS202
