"""A value gets another name."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.execute("ALTER TYPE order_state RENAME VALUE 'paid' TO 'settled'")  # MS305
