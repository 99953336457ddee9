"""Layout of SQL that is shown to people: line breaks and indents, never another token."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=1024)
def format_sql(sql: str) -> str:
    """*sql* broken into lines; the text itself where the formatter gives up on its size.

    Letter case stays: sqlparse would also change the literal after AT TIME ZONE.
    """
    import sqlparse
    from sqlparse.exceptions import SQLParseError

    try:
        return str(sqlparse.format(sql, reindent=True)).strip()
    except (SQLParseError, RecursionError):
        return sql.strip()
