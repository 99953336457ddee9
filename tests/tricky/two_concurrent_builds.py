"""The second build is the one that cannot be tried again."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index("ix_age", "accounts", ["age"], postgresql_concurrently=True)
        op.create_index("ix_level", "accounts", ["level"], postgresql_concurrently=True)  # MS603
