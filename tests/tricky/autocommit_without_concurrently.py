"""The block alone makes nothing concurrent."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index("ix_age", "accounts", ["age"])  # MS101
        op.drop_index("ix_accounts_email", "accounts")  # MS102
