"""Statements sent through the connection."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    bind = op.get_bind()
    bind.execute(sa.text("ALTER TABLE accounts ADD CHECK (age > 0)"))  # MS105
    bind.exec_driver_sql("REINDEX TABLE orders")  # MS103
