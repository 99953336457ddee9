"""Columns that many tables have."""

import datetime as dt
import secrets
import time
% if is_sqlmodel:
from typing import Any
% endif
from uuid import UUID

import sqlalchemy as sa
% if is_sqlmodel:
from sqlmodel import Field, SQLModel
% else:
from sqlalchemy.orm import Mapped, mapped_column
% endif


def uuid7() -> UUID:
    """A UUID that begins with the time, so that new keys stand together (RFC 9562)."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | secrets.randbits(80)
    value = value & ~(0xF << 76) | (7 << 76)
    return UUID(int=value & ~(0x3 << 62) | (0x2 << 62))


% if is_sqlmodel:
# SQLModel takes instances of types, but its annotations do not say so.
_MOMENT: Any = sa.DateTime(timezone=True)


class UUIDKey(SQLModel):
    """A primary key that the application makes, or else the database."""

    id: UUID = Field(
        default_factory=uuid7,
        primary_key=True,
        sa_column_kwargs={"server_default": sa.func.gen_random_uuid()},
    )


class Timestamps(SQLModel):
    """When a row was made, and when it was changed last."""

    created_at: dt.datetime = Field(
        default=None,
        nullable=False,
        sa_type=_MOMENT,
        sa_column_kwargs={"server_default": sa.func.now()},
    )
    updated_at: dt.datetime = Field(
        default=None,
        nullable=False,
        sa_type=_MOMENT,
        sa_column_kwargs={"server_default": sa.func.now(), "onupdate": sa.func.now()},
    )


class SoftDelete(SQLModel):
    """When a row was deleted; NULL while it is not."""

    deleted_at: dt.datetime | None = Field(default=None, sa_type=_MOMENT)
% else:
class UUIDKey:
    """A primary key that the application makes, or else the database."""

    id: Mapped[UUID] = mapped_column(
        primary_key=True,
        default=uuid7,
        server_default=sa.func.gen_random_uuid(),
        sort_order=-1,
    )


class Timestamps:
    """When a row was made, and when it was changed last."""

    created_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now(), sort_order=90
    )
    updated_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True),
        server_default=sa.func.now(),
        onupdate=sa.func.now(),
        sort_order=91,
    )


class SoftDelete:
    """When a row was deleted; NULL while it is not."""

    deleted_at: Mapped[dt.datetime | None] = mapped_column(
        sa.DateTime(timezone=True), sort_order=92
    )
% endif
