"""A model of an application that uses SQLModel and a type of its own."""

import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class Money(sa.types.TypeDecorator[int]):
    """A type of the application."""

    impl = sa.Numeric(10, 2)
    cache_ok = True


class Hero(SQLModel, table=True):
    """A table as SQLModel declares it."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=40)
    alias: str
    born: datetime.datetime
    price: int = Field(sa_column=sa.Column(Money))
