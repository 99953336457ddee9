"""The second half; env.py runs both in one transaction."""

from alembic import op

revision = "two"
down_revision = "one"


def upgrade():
    op.execute("ALTER TABLE accounts VALIDATE CONSTRAINT ck_age")  # MS607
