"""A new enum value is not written, but looked for and promised, before it is committed."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("ALTER TYPE order_state ADD VALUE 'sent'")
    op.execute("CREATE VIEW sent AS SELECT id FROM orders WHERE state = 'sent'")  # MS402
    op.execute("SELECT count(*) FROM orders WHERE state IN ('open', 'sent')")  # MS402
    op.execute(  # MS402
        """
        CREATE FUNCTION is_sent(order_state) RETURNS boolean LANGUAGE sql
        RETURN $1 = 'sent'::order_state;
        """
    )
    op.execute("CREATE POLICY open_only ON orders USING (state <> 'sent')")  # MS402
    op.execute(  # MS402
        """
        CREATE TRIGGER once BEFORE UPDATE ON orders
        FOR EACH ROW WHEN (new.state = 'sent')
        EXECUTE FUNCTION suppress_redundant_updates_trigger()
        """
    )
