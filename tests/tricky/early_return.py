"""A hazard behind a return that does not happen on PostgreSQL."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    if op.get_bind().dialect.name != "postgresql":
        return
    if op.get_context().as_sql:
        return
    op.alter_column("accounts", "plan", new_column_name="tariff")  # MS301
