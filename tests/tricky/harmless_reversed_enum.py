"""A value is added to an enum outside of the transaction, which does not use it."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE order_state ADD VALUE IF NOT EXISTS 'sent' AFTER 'paid'")
