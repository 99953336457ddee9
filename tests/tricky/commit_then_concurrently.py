"""The transaction is ended by hand, so that CONCURRENTLY can run."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.get_bind().execute(sa.text("COMMIT"))  # MS605
    op.execute("CREATE INDEX CONCURRENTLY ix_total ON orders (total)")
    op.execute("BEGIN")  # MS605
    op.execute("DROP INDEX ix_orders_account")  # MS102
