"""What models say under `info["migsafe"]`, which SQLAlchemy itself has no word for.

Production code needs no import of ours for it. What is not said there is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic.util import CommandError

KEY = "migsafe"
ENUM_PARTS = ("mapped_values", "renamed_from", "renamed_values")
TABLE_PARTS = {"former_name": str, "row_security": bool, "force_row_security": bool}
COLUMN_PARTS = {"former_name": str, "storage": str, "compression": str}
CONSTRAINT_PARTS = {"enforced": bool}
INDEX_PARTS = {"comment": str}


def said(item: sa.schema.SchemaItem, part: str) -> Any:
    """Return what *item* says of *part* (`said(table, "row_security")`), None where nothing.

    Raises CommandError for a part that such an item does not have, and for a value that is none.
    """
    everything = item.info.get(KEY)
    if everything is None:
        return None
    known = _parts(item)
    where = f"info[{KEY!r}] of {_called(item)}"
    if not isinstance(everything, Mapping):
        raise CommandError(f"{where} is {everything!r}; expected a dict with {', '.join(known)}")
    for name, value in everything.items():
        if name in ENUM_PARTS and isinstance(item, sa.Column):
            continue
        if name not in known:
            raise CommandError(f"{where} has no {name!r} to declare; there are {', '.join(known)}")
        if not isinstance(value, known[name]):
            raise CommandError(f"{name} in {where} is {value!r}; expected a {known[name].__name__}")
    return everything.get(part)


def _parts(item: sa.schema.SchemaItem) -> Mapping[str, type]:
    if isinstance(item, sa.Table):
        return TABLE_PARTS
    if isinstance(item, sa.Column):
        return COLUMN_PARTS
    return INDEX_PARTS if isinstance(item, sa.Index) else CONSTRAINT_PARTS


def _called(item: Any) -> str:
    table = getattr(item, "table", None)
    prefix = f"{table.fullname}." if table is not None else ""
    return f"{prefix}{getattr(item, 'fullname', None) or item.name}"
