"""Invoices, in their own schema, and payments (SQLAlchemy)."""

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    String,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shop.models.base import Base, Timestamps
from shop.models.enums import Currency, InvoiceStatus, currency, invoice_status


class Invoice(Base):
    __tablename__ = "invoices"
    __table_args__ = (
        Index("ix_invoices_unpaid", "due_on", postgresql_where=text("paid_at IS NULL")),
        {"schema": "billing"},
    )

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, server_default=text("gen_random_uuid()")
    )
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), unique=True)
    status: Mapped[InvoiceStatus] = mapped_column(invoice_status, server_default="draft")
    due_on: Mapped[date]
    paid_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Payment(Timestamps, Base):
    __tablename__ = "payments"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    invoice_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("billing.invoices.id"))
    provider_reference: Mapped[str] = mapped_column(String(80), unique=True)
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    currency: Mapped[Currency] = mapped_column(currency)
    details: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
