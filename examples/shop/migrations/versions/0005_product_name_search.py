"""product name search

Revision ID: 0005
Revises: 0004
Create Date: 2024-06-20 16:58:02.337801

"""
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_products_name_trgm",
            "products",
            ["name"],
            unique=False,
            postgresql_using="gin",
            postgresql_ops={"name": "gin_trgm_ops"},
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_products_name_trgm", table_name="products", postgresql_concurrently=True)
