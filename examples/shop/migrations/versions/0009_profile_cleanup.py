"""profile cleanup

Revision ID: 0009
Revises: 0008
Create Date: 2025-02-03 15:20:41.556004

"""
from alembic import op
import sqlalchemy as sa

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("users") as batch_op:
        batch_op.alter_column("full_name", new_column_name="display_name")
        batch_op.drop_column("newsletter")
    op.drop_table("wishlists")


def downgrade() -> None:
    op.create_table(
        "wishlists",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_wishlists_user_id_users")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_wishlists_product_id_products")),
        sa.PrimaryKeyConstraint("user_id", "product_id", name=op.f("pk_wishlists")),
    )
    with op.batch_alter_table("users") as batch_op:
        batch_op.add_column(
            sa.Column("newsletter", sa.Boolean(), server_default=sa.text("false"), nullable=False)
        )
        batch_op.alter_column("display_name", new_column_name="full_name")
