"""The schema comes from a setting."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("SET LOCAL search_path TO billing, public")
    op.execute("ALTER TABLE accounts RENAME TO payers")  # MS302
