"""A new enum value is used before it is committed."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("ALTER TYPE order_state ADD VALUE 'refunded'")
    op.execute("ALTER TABLE orders ALTER COLUMN state SET DEFAULT 'refunded'")  # MS402
