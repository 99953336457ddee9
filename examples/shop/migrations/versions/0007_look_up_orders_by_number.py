"""look up orders by number

Revision ID: 0007
Revises: 0006
Create Date: 2024-09-06 09:02:33.210447

"""
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_orders_number"), "orders", ["number"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_orders_number"), table_name="orders")
