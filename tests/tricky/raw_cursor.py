"""Statements through the cursor of the driver."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    raw = op.get_bind().connection
    cursor = raw.cursor()
    cursor.execute("CREATE INDEX ix_total ON orders (total)")  # MS101
    cursor.execute("SELECT 'DROP TABLE accounts'")
    cursor.close()
