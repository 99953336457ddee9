"""The tree of categories and which products are in them (SQLModel)."""

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlmodel import Field

from shop.models.base import Model


class Category(Model, table=True):
    __tablename__ = "categories"
    __table_args__ = (CheckConstraint("parent_id <> id", name="not_own_parent"),)

    id: int | None = Field(default=None, primary_key=True)
    parent_id: int | None = Field(
        default=None, foreign_key="categories.id", ondelete="RESTRICT", index=True
    )
    slug: str = Field(max_length=80, index=True, unique=True)
    name: str = Field(max_length=120)


class ProductCategory(Model, table=True):
    __tablename__ = "product_categories"
    __table_args__ = (
        Index(
            "ix_product_categories_category_id",
            "category_id",
            "position",
            postgresql_include=["product_id"],
        ),
    )

    product_id: int = Field(
        primary_key=True, sa_type=BigInteger, foreign_key="products.id", ondelete="CASCADE"
    )
    category_id: int = Field(primary_key=True, foreign_key="categories.id", ondelete="CASCADE")
    position: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
