"""A column of a domain with a constraint."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN pieces positive")  # MS202
