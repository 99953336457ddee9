"""Whether a collation exists, and is one for the type it is given to."""

from __future__ import annotations

import re

from migsafe.effects.column_type import unwrap
from migsafe.effects.ledger import Ledger
from migsafe.names import Name
from migsafe.pgtypes import TypeRef

_COLLATABLE = frozenset({"text", "varchar", "bpchar", "name", "citext", "unknown"})
# Those of initdb, and the forms of the others, which depend on the operating system.
_EVERYWHERE = frozenset({"default", "C", "POSIX", "ucs_basic", "unicode", "pg_c_utf8"})
_OF_SYSTEM = re.compile(r"[a-zA-Z]{2,3}([-_.@].*)?\Z")


def check_collation(name: Name | None, type_: TypeRef | None, ledger: Ledger) -> None:
    """Refuse a collation of a *type_* that has none, or one that nobody has made.

    A name in the form of a locale, such as ``de_DE``, may be one of the operating system.
    """
    if name is None:
        return
    base = unwrap(ledger.catalog, type_).base if type_ is not None else None
    if base is not None and base.is_builtin and base.name.name not in _COLLATABLE:
        ledger.refuse("42804", f"values of type {type_} have no collation")
    made = {found.name for found in ledger.catalog.collations}
    if name.name in _EVERYWHERE | made or name.schema == "pg_catalog":
        return
    why = f"collation {name.display()} does not exist"
    if _OF_SYSTEM.match(name.name):
        ledger.may_fail("42704", why)
    else:
        ledger.refuse("42704", why)
