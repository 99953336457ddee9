"""The recipe for NOT NULL, second revision."""

from alembic import op

revision = "validate"
down_revision = "add"


def upgrade():
    op.execute("ALTER TABLE accounts VALIDATE CONSTRAINT ck_age")
