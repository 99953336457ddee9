"""Nobody else sees a temporary table."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("CREATE TEMP TABLE orders ON COMMIT DROP AS SELECT id, total FROM public.orders")
    op.execute("CREATE INDEX ix_temp ON orders (total)")
    op.execute("UPDATE orders SET total = 0")
    op.execute("ALTER TABLE orders ALTER COLUMN total TYPE bigint")
