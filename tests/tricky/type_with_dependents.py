"""A type change that views and a policy of its own stand in the way of."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.alter_column("accounts", "name", type_=sa.String(80))  # MS407
