"""Operations of an object that is not `op`."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

revision = "case"
down_revision = "start"


def upgrade():
    operations = Operations(op.get_context())
    operations.add_column("orders", sa.Column("note2", sa.Text()))
    operations.create_unique_constraint("uq_email", "accounts", ["email"])  # MS107
