"""Which functions there are: PostgreSQL's own by version, those of its extensions, the user's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from migsafe.catalog import Catalog
from migsafe.effects.ledger import Ledger
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql.parts import FunctionCall

_SYSTEM = (None, "pg_catalog")


@lru_cache(maxsize=1)
def _sections() -> Mapping[str, Collection[str]]:
    """The names in functions.txt: always there, of one version, of a kind, of an @extension."""
    found: dict[str, set[str]] = {}
    names: set[str] = set()
    for line in Path(__file__).with_name("functions.txt").read_text("ascii").splitlines():
        if line.startswith(" "):
            names.update(line.split())
        else:
            names = found[line] = set()
    return found


def check_calls(calls: Iterable[FunctionCall], ledger: Ledger) -> None:
    """Refuse calls of functions that neither PostgreSQL nor an extension nor the user has made."""
    for call in calls:
        if len(call.arguments) != 1 or not _is_attribute(call.name.name, ledger.catalog):
            check_function(call.name, ledger)


def check_function(name: Name, ledger: Ledger) -> None:
    """Refuse a function that does not exist; it may fail where an extension could bring it."""
    catalog = ledger.catalog
    if catalog.gaps or name.schema in ("information_schema", "pg_temp"):
        return
    if catalog.functions_named(name):
        return
    if name.schema in _SYSTEM and is_own(name.name, ledger.major):
        return
    plain = Name(name.schema, name.name)
    if catalog.type(plain) or catalog.relation(plain) or TypeRef.parse(name.name).is_builtin:
        return  # a cast, written as a call
    why = f"function {name} does not exist"
    if name.schema is not None and name.schema not in catalog.schemas:
        if not name.schema.startswith("pg_"):
            ledger.refuse("3F000", f"schema {name.schema} does not exist")
        return
    brought = [title[1:] for title, names in _sections().items() if _brings(title, names, name)]
    if not are_shipped(catalog.extensions):
        return
    if any(extension in catalog.extensions for extension in brought):
        return
    if brought:
        ledger.may_fail("42883", f"{why}: it is of extension {brought[0]}")
    else:
        ledger.refuse("42883", why)


def are_shipped(extensions: Iterable[str]) -> bool:
    """Whether PostgreSQL comes with all *extensions*, so that it is known what they bring."""
    return all(f"@{extension}" in _sections() for extension in extensions)


def _brings(title: str, names: Collection[str], name: Name) -> bool:
    return title.startswith("@") and name.name in names


def is_own(name: str, major: int) -> bool:
    """Whether PostgreSQL *major* has a function *name* itself."""
    sections = _sections()
    return name in sections["always"] or name in sections.get(str(major), ())


def kind_of(name: Name, catalog: Catalog) -> str | None:
    """``aggregates``, ``windows`` or ``sets`` when PostgreSQL's own function is nothing else."""
    if name.schema not in _SYSTEM or catalog.functions_named(name):
        return None
    kinds = ("aggregates", "windows", "sets")
    return next((kind for kind in kinds if name.name in _sections()[kind]), None)


def _is_attribute(name: str, catalog: Catalog) -> bool:
    """Whether ``name(row)`` can be a column of the row."""
    return any(table.column(name) for table in catalog.tables.values())
