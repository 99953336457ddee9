"""CASCADE takes the view along."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("ALTER TABLE accounts DROP COLUMN name CASCADE")  # MS303 MS406
