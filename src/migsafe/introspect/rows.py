"""Find out which tables hold rows."""

from __future__ import annotations

from dataclasses import replace

from migsafe.catalog import Catalog, Rows, Table, TableKind
from migsafe.introspect.reading import Reader
from migsafe.names import quote_literal


def with_rows(catalog: Catalog, reader: Reader) -> Catalog:
    """*catalog* with `Table.rows` filled in, from one statement.

    It stays unknown for foreign tables, which would be asked over the network, for tables that the
    user may not read, and for those whose policies hide rows from him.
    """
    asked = [t for t in catalog.tables.values() if t.kind is not TableKind.FOREIGN]
    if not asked:
        return catalog
    readable = _readable(asked, reader)
    selects = [f"select {number}, exists (select from {asked[number].name})" for number in readable]
    if not selects:
        return catalog
    tables = {
        asked[number].name: replace(asked[number], rows=Rows.SOME if some else Rows.NONE)
        for number, some in reader.run(" union all ".join(selects))
    }
    return catalog.with_tables(tables.values())


def _readable(asked: list[Table], reader: Reader) -> tuple[int, ...]:
    names = ",".join(quote_literal(str(table.name)) for table in asked)
    found = reader.run(
        f"select place::int - 1 from unnest(array[{names}]) with ordinality t(name, place)"
        " where has_table_privilege(name::regclass, 'SELECT')"
        " and not row_security_active(name::regclass) order by place"
    )
    return tuple(number for (number,) in found)
