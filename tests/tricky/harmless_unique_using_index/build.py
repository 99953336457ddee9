"""A unique constraint without its lock, first revision."""

from alembic import op

revision = "build"
down_revision = "start"


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("CREATE UNIQUE INDEX CONCURRENTLY uq_email ON accounts (email)")
