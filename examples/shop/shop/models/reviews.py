"""What customers say about products (SQLModel)."""

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, text
from sqlmodel import Field

from shop.models.base import Model, SoftDeleteFields, TimestampFields
from shop.models.enums import ReviewStatus


class Review(TimestampFields, SoftDeleteFields, Model, table=True):
    __tablename__ = "reviews"
    __table_args__ = (
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating_range"),
        Index(
            "uq_reviews_product_id_user_id",
            "product_id",
            "user_id",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    product_id: int = Field(sa_type=BigInteger, foreign_key="products.id", ondelete="CASCADE")
    user_id: int = Field(foreign_key="users.id")
    rating: int = Field(sa_type=SmallInteger)
    body: str | None = None
    locale: str = Field(max_length=5)
    status: ReviewStatus = Field(
        default=ReviewStatus.PENDING, sa_column_kwargs={"server_default": "PENDING"}
    )
