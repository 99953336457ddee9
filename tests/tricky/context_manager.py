"""A context manager sends the statements around its block."""

import contextlib

from alembic import op

revision = "case"
down_revision = "start"


@contextlib.contextmanager
def without_triggers(table):
    op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def upgrade():
    with without_triggers("visits"):
        op.execute("DELETE FROM visits")  # MS110
