"""A default that differs from row to row, named through sa.func."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "case"
down_revision = "start"


def upgrade():
    op.add_column(  # MS202
        "visits",
        sa.Column("token", postgresql.UUID(), server_default=sa.func.gen_random_uuid()),
    )
    op.add_column("visits", sa.Column("since", sa.DateTime(), server_default=sa.func.now()))
