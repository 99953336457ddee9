"""A stricter domain reads the tables that use it."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("ALTER DOMAIN positive ADD CONSTRAINT small CHECK (VALUE < 1000)")  # MS111
