"""Settings that neither read nor rewrite."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("ALTER TABLE orders SET (fillfactor = 70, autovacuum_enabled = true)")
    op.execute("ALTER TABLE orders ALTER COLUMN note SET STATISTICS 300")
    op.execute("ALTER INDEX ix_orders_account RENAME TO ix_orders_by_account")
    op.execute("GRANT SELECT ON orders TO PUBLIC")
    op.create_table_comment("orders", "what was sold")
