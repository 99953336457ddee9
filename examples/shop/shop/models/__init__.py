"""The tables of the shop; importing this package fills `metadata`."""

from shop.models.base import Base, Model, metadata
from shop.models.billing import Invoice, Payment
from shop.models.categories import Category, ProductCategory
from shop.models.orders import Order, OrderLine
from shop.models.products import Product, Promotion
from shop.models.returns import Return
from shop.models.reviews import Review
from shop.models.users import Address, User

__all__ = [
    "Address",
    "Base",
    "Category",
    "Invoice",
    "Model",
    "Order",
    "OrderLine",
    "Payment",
    "Product",
    "ProductCategory",
    "Promotion",
    "Return",
    "Review",
    "User",
    "metadata",
]
