"""Rows of a table of settings are there afterwards, whatever was there before."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import insert

revision = "case"
down_revision = "start"
orders = sa.table("orders", sa.column("id"), sa.column("note"), sa.column("total"))


def upgrade():
    rows = [{"id": 1, "note": "ALTER TABLE orders", "total": 1}, {"id": 2, "note": "", "total": 2}]
    statement = insert(orders).values(rows)
    op.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"note": "again"}))
    op.bulk_insert(orders, [{"id": 3, "note": "TRUNCATE", "total": 3}])
