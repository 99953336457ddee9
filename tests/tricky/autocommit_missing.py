"""CONCURRENTLY inside of the transaction."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.create_index("ix_age", "accounts", ["age"], postgresql_concurrently=True)  # MS404
    op.execute("DROP INDEX CONCURRENTLY ix_accounts_email")  # MS404
