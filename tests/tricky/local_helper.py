"""The statement is in a function of the same file."""

from alembic import op

revision = "case"
down_revision = "start"


def _index(table, column):
    op.create_index(f"ix_{table}_{column}", table, [column])  # MS101


def upgrade():
    _index("accounts", "age")
