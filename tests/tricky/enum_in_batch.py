"""An enum that nobody has made, in a batch."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    with op.batch_alter_table("orders") as batch:
        batch.add_column(sa.Column("kind", sa.Enum("a", "b", name="order_kind")))  # MS403
