"""Customers and their addresses (SQLModel)."""

from sqlalchemy import ARRAY, Column, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import CITEXT
from sqlmodel import Field

from shop.models.base import Model, SoftDeleteFields, TimestampFields
from shop.models.enums import Channel, channel


class User(TimestampFields, SoftDeleteFields, Model, table=True):
    __tablename__ = "users"
    __table_args__ = (
        Index(
            "uq_users_email_active",
            "email",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(sa_type=CITEXT)
    display_name: str = Field(max_length=120)
    phone: str | None = Field(default=None, max_length=32)
    notify_by: list[Channel] = Field(
        default_factory=list, sa_column=Column(ARRAY(channel), nullable=False, server_default="{}")
    )


class Address(Model, table=True):
    __tablename__ = "addresses"
    __table_args__ = (
        # The pair is what orders refer to: an order ships to an address of its own customer.
        UniqueConstraint("user_id", "id"),
        Index("uq_addresses_default", "user_id", unique=True, postgresql_where=text("is_default")),
    )

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="users.id", ondelete="CASCADE")
    street: str = Field(max_length=200)
    city: str = Field(max_length=100)
    postcode: str | None = Field(default=None, max_length=16)
    country: str = Field(max_length=2)
    is_default: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
