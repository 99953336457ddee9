"""Everything happens in a schema that is new, with the names of tables that are not."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("CREATE SCHEMA archive")
    op.execute("SET LOCAL search_path TO archive")
    op.execute("CREATE TABLE orders (id bigint PRIMARY KEY, total integer)")
    op.execute("CREATE INDEX ON orders (total)")
    op.execute("ALTER TABLE orders ALTER COLUMN total SET NOT NULL")
    op.execute("SET LOCAL search_path TO public")
    op.create_table("orders_seen", sa.Column("id", sa.BigInteger()), schema="archive")


def downgrade():
    op.execute("DROP TABLE archive.orders_seen")
    op.execute("DROP TABLE archive.orders")
    op.execute("DROP SCHEMA archive")
