"""What is remembered of an Alembic operation besides the SQL that it sends."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from alembic.operations import Operations
from sqlalchemy import Enum
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import conv
from sqlalchemy.types import to_instance

from migsafe.capture.model import EnumGiven, Operation


def operation_of(op: Any) -> Operation:
    """The value that stands for *op*, Alembic's object; of a custom one, its name at least."""
    name = _name(op.__class__)
    try:
        return Operation(
            name,
            table_name=_text(getattr(op, "table_name", None)),
            column_name=_text(getattr(op, "column_name", None)),
            index_name=_text(getattr(op, "index_name", None)),
            constraint_name=_text(given := getattr(op, "constraint_name", None)),
            is_final=type(given) is conv,
            existing_type=_type(getattr(op, "existing_type", None)),
            existing_nullable=_flag(getattr(op, "existing_nullable", None)),
            enum=_enum(op),
        )
    except Exception:  # an operation of the user's may raise anything when it is looked at
        return Operation(name)


@lru_cache(maxsize=256)
def _name(kind: type) -> str:
    """The name by which Alembic registers *kind*: that of the class method that it calls."""
    for above in kind.__mro__:
        for name, member in vars(above).items():
            if isinstance(member, classmethod) and name in vars(Operations):
                return name
    return kind.__name__


def _text(value: object) -> str | None:
    return value if value is None or type(value) is str else str(value)


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _type(type_: Any) -> str | None:
    """A SQLAlchemy type as PostgreSQL writes it, None when it cannot be told."""
    if type_ is None:
        return None
    try:
        return str(to_instance(type_).compile(dialect=_dialect()))
    except Exception:  # a type of the user's may raise anything
        return None


def _enum(op: Any) -> EnumGiven | None:
    """The enum that *op* gives to a column, as PostgreSQL's own type."""
    type_ = getattr(getattr(op, "column", None), "type", getattr(op, "modify_type", None))
    if not isinstance(type_, Enum):
        return None
    enum: Any = type_.dialect_impl(_dialect())
    return EnumGiven(
        tuple(map(str, enum.enums)),
        _text(enum.name),
        _text(enum.schema),
        create_type=bool(enum.native_enum and getattr(enum, "create_type", False)),
    )


@lru_cache(maxsize=1)
def _dialect() -> Any:
    return postgresql.dialect()  # type: ignore[no-untyped-call]
