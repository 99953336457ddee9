"""One MetaData and one registry for the SQLModel and the SQLAlchemy half of the shop."""

from datetime import datetime

from sqlalchemy import DDL, DateTime, MetaData, event, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
from sqlmodel import Field, SQLModel

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING_CONVENTION)
mapper_registry = registry(metadata=metadata)

# create_all() makes tables and types only; migrations do this part for real databases.
for extension in ("citext", "pg_trgm", "btree_gist"):
    event.listen(metadata, "before_create", DDL(f"CREATE EXTENSION IF NOT EXISTS {extension}"))
event.listen(metadata, "before_create", DDL("CREATE SCHEMA IF NOT EXISTS billing"))


class Base(DeclarativeBase):
    registry = mapper_registry


class Model(SQLModel, registry=mapper_registry):
    pass


class Timestamps:
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), sort_order=90
    )
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now(), sort_order=91
    )


class SoftDelete:
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), sort_order=92)


class TimestampFields(SQLModel):
    created_at: datetime | None = Field(
        default=None,
        nullable=False,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )
    updated_at: datetime | None = Field(
        default=None,
        nullable=False,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now(), "onupdate": func.now()},
    )


class SoftDeleteFields(SQLModel):
    deleted_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
