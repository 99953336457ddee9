"""Types that only grow, and a text that loses its limit."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    with op.batch_alter_table("accounts") as batch:
        batch.alter_column("email", type_=sa.String(400), existing_type=sa.String(120))
        batch.alter_column("credit", type_=sa.Numeric(14, 2), existing_type=sa.Numeric(10, 2))
    op.alter_column("orders", "note", type_=sa.Text(), existing_type=sa.String(100))
