"""A primary key builds an index and reads for NULL."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.create_primary_key("pk_visits", "visits", ["id"])  # MS107
