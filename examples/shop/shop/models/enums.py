"""Enumerations of the shop and the PostgreSQL types that store them."""

import enum

from sqlalchemy import Enum


class Channel(str, enum.Enum):
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"


class Currency(str, enum.Enum):
    EUR = "EUR"
    GBP = "GBP"
    USD = "USD"


class OrderStatus(str, enum.Enum):
    PENDING = "pending"
    PAID = "paid"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


class InvoiceStatus(str, enum.Enum):
    DRAFT = "draft"
    ISSUED = "issued"
    PAID = "paid"
    VOID = "void"


class ReviewStatus(str, enum.Enum):
    PENDING = "pending"
    PUBLISHED = "published"
    REJECTED = "rejected"


class ProductCondition(str, enum.Enum):
    NEW = "new"
    REFURBISHED = "refurbished"
    USED = "used"


class ProductBadge(str, enum.Enum):
    BESTSELLER = "bestseller"
    ORGANIC = "organic"
    LAST_ITEMS = "last items"


class ReturnReason(str, enum.Enum):
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    CHANGED_MIND = "changed_mind"


def labels(members: type[enum.Enum]) -> list[str]:
    return [member.value for member in members]


channel = Enum(Channel, name="channel", values_callable=labels)
currency = Enum(Currency, name="currency", values_callable=labels)
order_status = Enum(OrderStatus, name="order_status", values_callable=labels)
invoice_status = Enum(
    InvoiceStatus, name="invoice_status", schema="billing", values_callable=labels
)
product_condition = Enum(ProductCondition, name="product_condition", values_callable=labels)
product_badge = Enum(ProductBadge, name="product_badge", values_callable=labels)
return_reason = Enum(ReturnReason, name="return_reason", values_callable=labels)
