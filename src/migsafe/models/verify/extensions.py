"""Which extension of those shipped with PostgreSQL has what a statement missed."""

from __future__ import annotations

import re

# Appendix F of the manual; the messages are those of PostgreSQL in English.
_MISSED = (
    ("citext", r'type "citext"'),
    ("hstore", r'type "hstore"'),
    ("ltree", r'type "(ltree|lquery|ltxtquery)"'),
    ("cube", r'type "cube"'),
    ("isn", r'type "(ean13|is[bms]n13|is[bms]n|upc)"'),
    ("pg_trgm", r'operator class "g(in|ist)_trgm_ops"'),
    ("intarray", r'operator class "g(in|ist)__int\w*"'),
    ("btree_gist", r'no default operator class for access method "gist"'),
    ("btree_gin", r'no default operator class for access method "gin"'),
    ("uuid-ossp", r"function (\w+\.)?uuid_generate_v\d"),
    ("pgcrypto", r"function (\w+\.)?(crypt|digest|gen_salt)\("),
    ("unaccent", r"function (\w+\.)?unaccent\("),
)


def extension_for(message: str) -> str | None:
    """The extension whose object *message* says does not exist, or None.

    >>> extension_for('type "citext" does not exist')
    'citext'
    """
    return next((name for name, pattern in _MISSED if re.search(pattern, message)), None)
