"""All SELECTs that make up a catalog."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from migsafe.introspect import object_sql, other_sql, relation_sql


@cache
def parts(major: int) -> Mapping[str, str]:
    """The SELECTs by kind of row for PostgreSQL *major*."""
    others = "\nunion all\n".join(
        f"select kind, identity, attributes from ({select}) o"
        for select in other_sql.parts().values()
    )
    return {**relation_sql.parts(major), **object_sql.parts(major), "other": others}
