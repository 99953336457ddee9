"""Batch after batch in one transaction, and a list of parameters made from rows."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    bind = op.get_bind()
    last = 0
    while True:
        rows = bind.execute(  # MS601
            sa.text(
                "UPDATE orders SET note = '' WHERE id IN"
                " (SELECT id FROM orders WHERE id > :last ORDER BY id LIMIT 1000) RETURNING id"
            ),
            {"last": last},
        ).fetchall()
        if not rows:
            break
        last = max(row.id for row in rows)

    names = bind.execute(sa.text("SELECT id, name FROM accounts")).mappings().all()
    changed = [{"id": row["id"], "name": row["name"].strip()} for row in names]
    bind.execute(sa.text("UPDATE accounts SET name = :name WHERE id = :id"), changed)  # MS609
