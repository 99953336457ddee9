"""Names of columns as queries write them, and where each of them can come from."""

from __future__ import annotations

from typing import Any

from migsafe.names import Name
from migsafe.values import dataclass, replace


@dataclass(frozen=True)
class Source:
    """What FROM makes visible as *alias*: a *relation*, or the *columns* of a query.

    With neither its columns are only known to a server; an empty *alias* may be any.
    """

    alias: str
    relation: Name | None = None
    columns: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Mention:
    """A column as written, and the *sources* that are visible there, inner ones first."""

    column: str
    qualifier: str | None
    sources: tuple[Source, ...]


def without_mentions(statement: Any) -> Any:
    """*statement* in a body, where a name may also be that of a variable or an argument."""
    if hasattr(statement, "mentions"):
        statement = replace(statement, mentions=())
    if getattr(statement, "writes", ()):
        statement = replace(statement, writes=tuple(map(without_mentions, statement.writes)))
    return statement
