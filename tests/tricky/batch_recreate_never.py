"""Batch mode with an index and a foreign key."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    with op.batch_alter_table("visits", recreate="never") as changes:
        changes.create_index("ix_visits_at", ["at"], unique=False)  # MS101
        changes.create_foreign_key("fk_account", "accounts", ["id"], ["id"])  # MS104
