"""People of a company: inheritance, dataclass mapping, mixins, two schemas (SQLAlchemy)."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from sqlalchemy import (
    ARRAY,
    Column,
    DateTime,
    ForeignKey,
    MetaData,
    Numeric,
    String,
    Table,
    func,
)
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    declared_attr,
    mapped_column,
)

metadata = MetaData(
    schema="hr",
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    },
)


class Base(MappedAsDataclass, DeclarativeBase):
    metadata = metadata


class Owned(MappedAsDataclass):
    @declared_attr
    def owner_id(cls) -> Mapped[uuid.UUID]:
        return mapped_column(ForeignKey("hr.people.id"), init=False)


class Person(Base):
    __tablename__ = "people"
    __mapper_args__: ClassVar[dict[str, str]] = {
        "polymorphic_on": "kind",
        "polymorphic_identity": "person",
    }

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, server_default=func.gen_random_uuid(), init=False
    )
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    joined: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), init=False
    )


class Engineer(Person):
    __tablename__ = "engineers"
    __mapper_args__: ClassVar[dict[str, str]] = {"polymorphic_identity": "engineer"}

    id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("hr.people.id", ondelete="CASCADE"), primary_key=True, init=False
    )
    languages: Mapped[list[str]] = mapped_column(ARRAY(String(40)))


class Contractor(Person):
    __mapper_args__: ClassVar[dict[str, str]] = {"polymorphic_identity": "contractor"}

    daily_fee: Mapped[float | None]
    agency_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("crm.agencies.id"))


class Agency(Base):
    __tablename__ = "agencies"
    __table_args__ = ({"schema": "crm"},)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)


class Laptop(Owned, Base):
    __tablename__ = "laptops"

    serial: Mapped[str] = mapped_column(String(40), primary_key=True)
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))


skills = Table(
    "skills",
    metadata,
    Column("person_id", ForeignKey("hr.people.id")),
    Column("skill", String(40)),
)
