"""What the session does to the children of a row that it deletes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migsafe.catalog import Constraint
from migsafe.models.mapping import relationships_of, table_of
from migsafe.models.rule import Design
from migsafe.models.serving import foreign_keys


def children(design: Design) -> Iterator[tuple[Any, Constraint]]:
    """Relationships from one row to those that refer to it, with their foreign key."""
    for relation in relationships_of(design):
        if relation.direction.name != "ONETOMANY" or relation.viewonly:
            continue
        if relation.secondary is not None:
            continue
        table = design.catalog.tables.get(table_of(design, relation.mapper))
        columns = {str(remote.name) for _, remote in relation.local_remote_pairs}
        for key in foreign_keys(table) if table is not None else ():
            if set(key.columns) == columns and key.references == table_of(design, relation.parent):
                yield relation, key


def deletes(relation: Any) -> bool:
    """Whether the session deletes the rows of *relation* together with their parent."""
    return bool(relation.cascade.delete)
