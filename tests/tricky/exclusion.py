"""An EXCLUDE constraint has no way around."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.create_exclude_constraint("no_overlap", "visits", ("at", "="), using="gist")  # MS108
