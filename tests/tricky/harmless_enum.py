"""A value added, a type made and used."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "case"
down_revision = "start"

mood = postgresql.ENUM("good", "bad", name="mood", create_type=False)


def upgrade():
    op.execute("ALTER TYPE order_state ADD VALUE IF NOT EXISTS 'refunded' AFTER 'paid'")
    mood.create(op.get_bind(), checkfirst=True)
    op.add_column("orders", sa.Column("mood", mood))
