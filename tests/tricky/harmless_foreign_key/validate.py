"""A foreign key in two steps, second revision."""

from alembic import op

revision = "validate"
down_revision = "add"


def upgrade():
    op.execute("ALTER TABLE visits VALIDATE CONSTRAINT fk_visits")
