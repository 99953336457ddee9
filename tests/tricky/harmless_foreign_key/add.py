"""A foreign key in two steps, first revision."""

from alembic import op

revision = "add"
down_revision = "start"


def upgrade():
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_foreign_key(
        "fk_visits", "visits", "accounts", ["id"], ["id"], postgresql_not_valid=True
    )
