"""SET NOT NULL with a proof that is not valid."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.alter_column("accounts", "name", nullable=False)  # MS106
