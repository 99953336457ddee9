"""A unique constraint without its lock, second revision."""

from alembic import op

revision = "use"
down_revision = "build"


def upgrade():
    op.execute("ALTER TABLE accounts ADD CONSTRAINT uq_email UNIQUE USING INDEX uq_email")
