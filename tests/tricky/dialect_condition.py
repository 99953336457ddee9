"""PostgreSQL takes the other branch."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    if op.get_bind().dialect.name == "sqlite":
        op.drop_table("visits")
    elif op.get_context().dialect.name == "postgresql":
        op.alter_column("orders", "total", type_=sa.BigInteger())  # MS201
