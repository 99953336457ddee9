"""All happens to the new table of the other schema."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.create_table("visits", sa.Column("id", sa.BigInteger()), schema="billing")
    op.execute("SET LOCAL search_path TO billing")
    op.execute("CREATE INDEX ix_visits ON visits (id)")
    op.execute("ALTER TABLE billing.visits ADD COLUMN n int NOT NULL")
