"""Type changes that keep the bytes."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.alter_column("accounts", "email", type_=sa.String(250), existing_type=sa.String(120))
    op.alter_column("accounts", "credit", type_=sa.Numeric(14, 2))
    op.alter_column("orders", "note", type_=sa.Text(), existing_type=sa.String(100))
    op.execute("ALTER TABLE accounts ALTER COLUMN plan TYPE varchar")
