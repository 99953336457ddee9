"""Dropping stops the table that a foreign key refers to."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    op.drop_constraint("fk_orders_account", "orders", type_="foreignkey")  # MS109
