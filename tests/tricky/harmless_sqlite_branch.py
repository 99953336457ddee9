"""What only another database does."""

from alembic import context, op

revision = "case"
down_revision = "start"


def upgrade():
    if op.get_bind().dialect.name != "postgresql":
        op.drop_table("orders")
    if context.is_offline_mode():
        op.execute("DROP TABLE accounts")
