"""Statements come from a generator."""

from alembic import op

revision = "case"
down_revision = "start"


def statements():
    for column in ("age", "level"):
        yield f"COMMENT ON COLUMN accounts.{column} IS 'a number'"
    yield "ALTER TABLE accounts ALTER COLUMN seen_at TYPE timestamptz USING seen_at::timestamptz"


def upgrade():
    for statement in statements():
        op.execute(statement)  # MS201
