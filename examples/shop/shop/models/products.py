"""What is sold, and for how much less (SQLAlchemy)."""

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, TSVECTOR, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.models.base import Base, SoftDelete, Timestamps
from shop.models.categories import Category, ProductCategory
from shop.models.enums import (
    Channel,
    Currency,
    ProductBadge,
    ProductCondition,
    channel,
    currency,
    product_badge,
    product_condition,
)


class Product(Timestamps, SoftDelete, Base):
    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint("price >= 0", name="price_not_negative"),
        Index("ix_products_search", "search", postgresql_using="gin"),
        Index(
            "ix_products_name_trgm",
            "name",
            postgresql_using="gin",
            postgresql_ops={"name": "gin_trgm_ops"},
        ),
        Index(
            "ix_products_attributes",
            "attributes",
            postgresql_using="gin",
            postgresql_ops={"attributes": "jsonb_path_ops"},
        ),
        Index("ix_products_labels", "labels", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    sku: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)
    price: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    labels: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    search: Mapped[str] = mapped_column(
        TSVECTOR,
        Computed(
            "to_tsvector('english', name || ' ' || coalesce(description, ''))", persisted=True
        ),
        nullable=True,
    )
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    is_featured: Mapped[bool] = mapped_column(server_default=text("false"))
    condition: Mapped[ProductCondition] = mapped_column(product_condition, server_default="new")
    badges: Mapped[list[ProductBadge] | None] = mapped_column(ARRAY(product_badge))

    categories: Mapped[list[Category]] = relationship(secondary=ProductCategory.__table__)


class Promotion(Base):
    __tablename__ = "promotions"
    __table_args__ = (
        CheckConstraint("discount_percent > 0 AND discount_percent <= 100", name="discount_range"),
        ExcludeConstraint(
            ("product_id", "="), ("valid_during", "&&"), name="ex_promotions_overlap", using="gist"
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(40), unique=True)
    discount_percent: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    valid_during: Mapped[Range[Any]] = mapped_column(TSTZRANGE)
    currency: Mapped[Currency | None] = mapped_column(currency)
    channels: Mapped[list[Channel] | None] = mapped_column(ARRAY(channel))
