"""The schema on which the tricky migrations build."""

import sqlalchemy as sa
from alembic import op

revision = "start"
down_revision = None


def upgrade():
    op.execute("CREATE SCHEMA billing")
    op.execute("CREATE TYPE order_state AS ENUM ('open', 'paid')")
    op.execute("CREATE DOMAIN positive AS integer CHECK (VALUE > 0)")
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("email", sa.String(120)),
        sa.Column("name", sa.Text()),
        sa.Column("plan", sa.String(20), server_default="free", nullable=False),
        sa.Column("age", sa.Integer()),
        sa.Column("level", sa.Integer()),
        sa.Column("seen_at", sa.DateTime()),
        sa.Column("credit", sa.Numeric(10, 2)),
        sa.Column("address", sa.Text()),
    )
    op.create_index("ix_accounts_email", "accounts", ["email"])
    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("account_id", sa.BigInteger()),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("note", sa.String(100)),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_orders_account"),
    )
    op.execute("ALTER TABLE orders ADD COLUMN state order_state NOT NULL DEFAULT 'open'")
    op.create_index("ix_orders_account", "orders", ["account_id"])
    op.create_table("visits", sa.Column("id", sa.BigInteger()), sa.Column("at", sa.DateTime()))
    op.create_table(
        "accounts", sa.Column("id", sa.BigInteger(), primary_key=True), schema="billing"
    )
    op.execute("CREATE TABLE events (id bigint, at date NOT NULL) PARTITION BY RANGE (at)")
    op.execute(
        "CREATE TABLE events_2024 PARTITION OF events"
        " FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')"
    )
    op.execute("CREATE VIEW adults AS SELECT id, name FROM accounts WHERE age > 17")
    op.execute("CREATE MATERIALIZED VIEW totals AS SELECT account_id FROM orders")
    op.execute("ALTER TABLE accounts ADD CONSTRAINT ck_name CHECK (name IS NOT NULL) NOT VALID")
    op.execute("ALTER TABLE accounts ADD CONSTRAINT ck_level CHECK (level IS NOT NULL)")
    op.execute("CREATE TABLE measures (id bigint, size positive)")


def downgrade():
    raise NotImplementedError
