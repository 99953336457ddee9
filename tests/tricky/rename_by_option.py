"""alter_column with a new name and more."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.alter_column(  # MS301 MS106
        "accounts", "age", new_column_name="years", existing_type=sa.Integer(), nullable=False
    )
