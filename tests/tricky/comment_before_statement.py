"""SQL comments before and inside of the statement."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("/* safe? */ -- really\n ALTER /* the */ TABLE orders\n DROP COLUMN note")  # MS303
