"""Types that need all rows to be read or written."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.alter_column("accounts", "email", type_=sa.String(60), existing_type=sa.String(120))  # MS201
    op.alter_column("accounts", "credit", type_=sa.Numeric(10, 4))  # MS201
