"""An index built while everybody goes on."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index("ix_age", "accounts", ["age"], postgresql_concurrently=True)
