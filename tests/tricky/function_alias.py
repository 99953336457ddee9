"""An operation imported by itself and kept in a variable."""

import sqlalchemy as sa
from alembic.op import add_column, execute

revision = "case"
down_revision = "start"
run = execute


def upgrade():
    add_column("accounts", sa.Column("rank", sa.Integer(), nullable=False))  # MS401
    run("TRUNCATE visits")  # MS405
