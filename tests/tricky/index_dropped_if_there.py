"""An index is dropped if it is there, which it is."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("ALTER TABLE accounts ALTER COLUMN email SET STATISTICS 500")
    op.execute("DROP INDEX IF EXISTS ix_accounts_email")  # MS102
