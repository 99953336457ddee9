"""A savepoint around the statement does not make it safe."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    try:
        with op.get_bind().begin_nested():
            op.execute("ALTER TABLE orders ALTER COLUMN total TYPE numeric")  # MS201
    except Exception:
        op.execute("SELECT 1")
