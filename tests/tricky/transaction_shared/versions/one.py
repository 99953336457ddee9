"""The first half of a recipe of two revisions."""

from alembic import op

revision = "one"
down_revision = "start"


def upgrade():
    op.create_check_constraint("ck_age", "accounts", "age > 0", postgresql_not_valid=True)
