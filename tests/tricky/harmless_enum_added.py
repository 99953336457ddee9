"""A new enum value, and statements of the same transaction that do without it."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"

orders = sa.table("orders", sa.column("id"), sa.column("note"), sa.column("state"))


def upgrade():
    op.execute("ALTER TYPE order_state ADD VALUE 'sent'")
    op.execute(orders.update().where(orders.c.id == 1).values(note="sent"))
    op.execute("UPDATE orders SET state = 'paid' WHERE id IN (1, 2)")
    op.bulk_insert(orders, [{"id": 7, "note": "not sent", "state": "open"}])
    op.execute("DELETE FROM orders WHERE id = 9")
    op.execute(
        """
        CREATE FUNCTION send() RETURNS void LANGUAGE plpgsql AS
        $$ BEGIN UPDATE orders SET state = 'sent' WHERE id = 1; END $$
        """
    )
