"""A few rows named by their keys."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    visits = sa.table("visits", sa.column("id", sa.BigInteger()))
    op.bulk_insert(visits, [{"id": 1}, {"id": 2}])
    for number in (1, 2):
        op.execute(f"UPDATE accounts SET plan = 'gold' WHERE id = {number}")
    op.get_bind().execute(sa.text("DELETE FROM orders WHERE id = ANY (:ids)"), {"ids": [4, 5]})
