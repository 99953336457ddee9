"""What designs call things by custom: times of creation, plurals, owners, tables that only link."""

from __future__ import annotations

import re

from migsafe.catalog import Column, Table
from migsafe.models.serving import foreign_keys

CREATED = frozenset({"created_at", "created_on", "created", "inserted_at", "creation_time"})
UPDATED = frozenset({"updated_at", "updated_on", "updated", "modified_at", "last_modified"})
_TIMES = frozenset({"timestamp", "timestamptz", "date"})
_PLURALS = frozenset(
    {"aliases", "children", "criteria", "data", "feedback", "history", "information", "media"}
    | {"men", "metadata", "news", "people", "series", "staff", "stock", "women", "equipment"}
)


def is_time(column: Column) -> bool:
    """Whether *column* is a date or a moment."""
    return column.type.is_builtin and column.type.name.name in _TIMES and not column.type.dimensions


def is_plural(name: str) -> bool:
    """Whether the last word of *name* is a plural, or a word that has none."""
    word = re.split(r"_+", name.strip("_").lower())[-1]
    return word in _PLURALS or (word.endswith("s") and not word.endswith(("ss", "us", "is")))


def is_link(table: Table) -> bool:
    """Whether rows of *table* only say that others belong together: its key are foreign keys."""
    primary = table.primary_key
    referring = {column for key in foreign_keys(table) for column in key.columns}
    keys = set(primary.columns) if primary is not None else set()
    parents = {key.references for key in foreign_keys(table)}
    return len(parents) > 1 and bool(keys) and keys <= referring
