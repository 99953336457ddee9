"""The recipe for NOT NULL, third revision."""

from alembic import op

revision = "set"
down_revision = "validate"


def upgrade():
    op.alter_column("accounts", "age", nullable=False)
    op.drop_constraint("ck_age", "accounts", type_="check")
