"""Whether a stored condition can be read again when its column has another type."""

from __future__ import annotations

import re

from migsafe.catalog import Catalog
from migsafe.effects.casts import is_comparable
from migsafe.effects.column_type import plain
from migsafe.effects.mentions import columns_in
from migsafe.names import quote_ident
from migsafe.pgtypes import TypeRef

_NULL_TEST = r"{}\s+IS\s+(NOT\s+)?NULL"


def breaks_comparison(
    catalog: Catalog, condition: str, column: str, old: TypeRef, new: TypeRef
) -> bool:
    """Whether *condition* has no operator left for *column* when it turns from *old* into *new*.

    PostgreSQL prints the condition and parses it again; its constants carry the old type by then.
    A varchar column is compared as text, by a cast that is printed, so it keeps working.
    """
    if column not in columns_in(condition):
        return False
    before, after = plain(catalog, old), plain(catalog, new)
    if before.name.name == "varchar" or is_comparable(before, after) is not False:
        return False
    bare = re.compile(_NULL_TEST.format(re.escape(quote_ident(column))), re.IGNORECASE)
    casts = re.compile(rf"\(?{re.escape(quote_ident(column))}\)?::")
    rest = casts.sub("", bare.sub("", condition))
    return re.search(rf"(?<![\w\"']){re.escape(quote_ident(column))}(?![\w\"'])", rest) is not None


def is_same_text(one: str | None, other: str | None) -> bool:
    """Whether two expressions differ in no more than blanks, parentheses and casts."""
    return _bare(one) == _bare(other)


def _bare(text: str | None) -> str:
    return re.sub(r"[\s()]|::[\w ]+", "", text or "").lower()
