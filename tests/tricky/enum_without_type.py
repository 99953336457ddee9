"""add_column does not create the type."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.add_column("orders", sa.Column("mood", sa.Enum("good", "bad", name="mood")))  # MS403
