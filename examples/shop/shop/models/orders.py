"""Orders and their lines (SQLAlchemy)."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Numeric,
    String,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.models.base import Base, SoftDelete, Timestamps
from shop.models.enums import Currency, OrderStatus, currency, order_status
from shop.models.users import User


class Order(Timestamps, SoftDelete, Base):
    __tablename__ = "orders"
    __table_args__ = (
        ForeignKeyConstraint(
            ["user_id", "shipping_address_id"], ["addresses.user_id", "addresses.id"]
        ),
        Index(
            "ix_orders_user_id_placed_at",
            "user_id",
            "placed_at",
            postgresql_include=["number", "total"],
        ),
        Index(
            "ix_orders_open",
            "placed_at",
            postgresql_where=text("status = 'pending' AND deleted_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(String(20), index=True, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    shipping_address_id: Mapped[int | None]
    status: Mapped[OrderStatus] = mapped_column(order_status, server_default="pending")
    currency: Mapped[Currency] = mapped_column(currency)
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2), server_default=text("0"))
    placed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    user: Mapped[User] = relationship(foreign_keys=[user_id])
    lines: Mapped[list["OrderLine"]] = relationship(
        back_populates="order", order_by="OrderLine.line_no"
    )


class OrderLine(Base):
    __tablename__ = "order_lines"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity_positive"),)

    order_id: Mapped[int] = mapped_column(
        ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True
    )
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    line_total: Mapped[Decimal] = mapped_column(
        Numeric(14, 2), Computed("quantity * unit_price", persisted=True), nullable=True
    )

    order: Mapped[Order] = relationship(back_populates="lines")
