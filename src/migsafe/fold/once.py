"""Folding a statement once, for all that ask what it does to the same catalog."""

from __future__ import annotations

from functools import lru_cache

from migsafe.catalog import Catalog
from migsafe.fold import statement as each
from migsafe.sql.ast import Statement
from migsafe.values import Same


def fold(catalog: Catalog, statement: Statement) -> Catalog:
    """What *catalog* is after *statement*.

    A statement that PostgreSQL surely refuses leaves it unchanged. Where a statement cannot be
    known, its table says so (`Table.unknown`), or the catalog does (`Catalog.gaps`) when not even
    the name of what it touches can be known. Rolling back is not folded: see `migsafe.session`.
    """
    return _folded(Same(catalog), Same(statement))


# A statement is predicted before it is carried out, and both fold it.
@lru_cache(maxsize=4)
def _folded(catalog: Same[Catalog], statement: Same[Statement]) -> Catalog:
    return each.fold(catalog.value, statement.value)
