"""Several statements in one text are one transaction for the server, in the block too."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    with op.get_context().autocommit_block():
        op.execute(
            """
            CREATE INDEX CONCURRENTLY ix_orders_note ON orders (note);  -- MS404
            CREATE INDEX CONCURRENTLY ix_orders_total ON orders (total);  -- MS404
            """
        )
        op.execute("VACUUM orders; ANALYZE orders")  # MS404
        op.execute("ALTER TYPE order_state ADD VALUE 'sent'; SELECT 1;")
        op.execute("UPDATE orders SET state = 'sent' WHERE id = 1")
        op.execute("DROP INDEX CONCURRENTLY ix_orders_account;")
