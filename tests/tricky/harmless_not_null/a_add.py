"""The recipe for NOT NULL, first revision."""

from alembic import op

revision = "add"
down_revision = "start"


def upgrade():
    op.create_check_constraint("ck_age", "accounts", "age IS NOT NULL", postgresql_not_valid=True)
