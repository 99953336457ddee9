"""A validated CHECK proves NOT NULL."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("ALTER TABLE accounts ALTER COLUMN level SET NOT NULL")
