"""A column dropped and added with the same type: its values go."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.add_column("accounts", sa.Column("street_address", sa.Text()))
    op.drop_column("accounts", "address")  # MS303
