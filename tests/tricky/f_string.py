"""Names put into SQL."""

from alembic import op

revision = "case"
down_revision = "start"
TABLE = "visits"
SUFFIX = "CASCADE"


def upgrade():
    op.execute(f"DROP TABLE {TABLE} {SUFFIX}")  # MS304
