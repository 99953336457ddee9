"""Batches that each commit by themselves, by the key."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.add_column("orders", sa.Column("kind", sa.Text()))
    with op.get_context().autocommit_block():
        last = 0
        while last is not None:
            last = (
                op.get_bind()  # MS602
                .execute(
                    sa.text(
                        "WITH batch AS (SELECT id FROM orders WHERE id > :last ORDER BY id"
                        " LIMIT 1000), done AS (UPDATE orders SET kind = 'plain' FROM batch"
                        " WHERE orders.id = batch.id RETURNING orders.id)"
                        " SELECT max(id) FROM done"
                    ),
                    {"last": last},
                )
                .scalar()
            )
