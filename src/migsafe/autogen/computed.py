"""What the models say of a generated column, as the catalog would have it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from migsafe.autogen.wanted import sql_text, type_ref
from migsafe.catalog import Column, Generated

if TYPE_CHECKING:
    import sqlalchemy as sa

    from migsafe.autogen.found import Found

_FIRST_WITH_VIRTUAL = 18


def declared(state: Found, column: sa.Column[Any], old: Column) -> Column:
    """Return *old* as the model *column*, which is computed, wants it."""
    assert column.computed is not None
    text = sql_text(column.computed.sqltext, state.dialect)
    return replace(
        old,
        type=type_ref(column.type, state.dialect) or old.type,
        not_null=not column.nullable,
        default=None,
        generated=Generated(text, is_stored(state, column)),
        comment=column.comment,
    )


def is_stored(state: Found, column: sa.Column[Any]) -> bool:
    """Whether *column* is to be stored, as PostgreSQL decides where the model does not."""
    if column.computed is None or column.computed.persisted is None:
        return state.catalog.major < _FIRST_WITH_VIRTUAL
    return bool(column.computed.persisted)
