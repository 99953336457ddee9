"""Goods that come back (SQLModel)."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, func
from sqlmodel import Field

from shop.models.base import Model
from shop.models.enums import Currency, ReturnReason, currency, return_reason


class Return(Model, table=True):
    __tablename__ = "returns"
    __table_args__ = (
        ForeignKeyConstraint(
            ["order_id", "line_no"], ["order_lines.order_id", "order_lines.line_no"]
        ),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("refund_amount >= 0", name="refund_amount_not_negative"),
        Index("ix_returns_order_id_line_no", "order_id", "line_no"),
    )

    id: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(sa_type=BigInteger)
    line_no: int
    quantity: int
    reason: ReturnReason = Field(sa_type=return_reason)
    refund_amount: Decimal = Field(max_digits=12, decimal_places=2)
    refund_currency: Currency = Field(sa_type=currency)
    note: str | None = Field(default=None, max_length=500)
    requested_at: datetime | None = Field(
        default=None, nullable=False, sa_column_kwargs={"server_default": func.now()}
    )
