"""A lock by intention, and a transaction that ends."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("LOCK TABLE orders")  # MS113
    op.execute("COMMIT")  # MS605
