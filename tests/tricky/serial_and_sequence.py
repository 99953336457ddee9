"""A serial column, although nobody says SERIAL."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("ALTER TABLE visits ADD COLUMN number bigserial")  # MS202
    op.execute(sa.schema.CreateSequence(sa.Sequence("numbers")))
    op.add_column(  # MS202
        "orders",
        sa.Column("number", sa.BigInteger(), server_default=sa.text("nextval('numbers')")),
    )
