"""stricter orders

Revision ID: 0010
Revises: 0009
Create Date: 2025-04-22 10:11:38.402377

"""
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_foreign_key(
        op.f("fk_orders_user_id_shipping_address_id_addresses"),
        "orders",
        "addresses",
        ["user_id", "shipping_address_id"],
        ["user_id", "id"],
    )
    op.create_check_constraint(
        op.f("ck_order_lines_quantity_positive"), "order_lines", "quantity > 0"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_order_lines_quantity_positive"), "order_lines", type_="check")
    op.drop_constraint(
        op.f("fk_orders_user_id_shipping_address_id_addresses"), "orders", type_="foreignkey"
    )
