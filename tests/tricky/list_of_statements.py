"""SQL texts from a constant."""

from alembic import op

revision = "case"
down_revision = "start"

STATEMENTS = (
    "COMMENT ON TABLE visits IS 'who came'",
    "ALTER TABLE orders ALTER COLUMN total TYPE bigint",
)


def upgrade():
    for statement in STATEMENTS:
        op.execute(statement)  # MS201
