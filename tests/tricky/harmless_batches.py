"""Rows changed a thousand at a time, each batch with its own commit."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"

BATCH = sa.text(
    "UPDATE orders SET note = '' WHERE id IN (SELECT id FROM orders WHERE note IS NULL LIMIT 1000)"
)


def upgrade():
    with op.get_context().autocommit_block():
        while op.get_bind().execute(BATCH).rowcount:
            pass
