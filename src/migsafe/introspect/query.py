"""The one statement that reads a whole catalog, put together from parts."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from migsafe.names import quote_literal

_SORTED = '(select json_agg(i::text order by i::text collate "C") from unnest({0}) i)'


def array(names: Collection[str]) -> str:
    """Write *names* as an SQL array of type name."""
    return f"array[{','.join(map(quote_literal, names))}]::name[]"


def acl(column: str, kind: str, owner: str) -> str:
    """Privileges as sorted items; null when they are what a new object has.

    GRANT followed by REVOKE leaves a list that says what the empty one means, hence acldefault().
    A list that lets nobody in is told from the default by the single item ``=``.
    """
    given, default = _SORTED.format(column), _SORTED.format(f"acldefault('{kind}', {owner})")
    return (
        f"case when {column} is not null and {given}::text is distinct from {default}::text"
        f" then coalesce({given}, json_build_array('=')) end"
    )


def comment(catalog: str, oid: str, part: str = "0") -> str:
    """The comment on an object of a system *catalog*."""
    return (
        f"(select description from pg_description where classoid = '{catalog}'::regclass"
        f" and objoid = {oid} and objsubid = {part})"
    )


def qualified(catalog: str, prefix: str, oid: str) -> str:
    """[schema, name] of an object, as a row of *catalog* whose columns begin with *prefix*."""
    return (
        f"(select json_build_array(q_n.nspname, q.{prefix}name) from {catalog} q"
        f" join pg_namespace q_n on q_n.oid = q.{prefix}namespace where q.oid = {oid})"
    )


def column_names(relation: str, numbers: str) -> str:
    """Names of the columns *numbers* (an array of attnum) of *relation*, in that order."""
    return (
        "(select json_agg(k_a.attname order by k.place)"
        f" from unnest({numbers}) with ordinality k(number, place) join pg_attribute k_a"
        f" on k_a.attrelid = {relation} and k_a.attnum = k.number)"
    )


def of_extension(catalog: str, oid: str) -> str:
    """Whether an object belongs to an extension."""
    # A subquery that does not look outside is hashed; EXISTS may become a loop in a loop.
    return f"{oid} in (select objid from member where classid = '{catalog}'::regclass)"


def statement(parts: Mapping[str, str], head: str) -> str:
    """Join the SELECTs *parts*, each as its kind and a JSON array of rows, below *head*."""
    selects = (
        f"select '{kind}'::text, json_agg(x)::text from ({select}) x"
        for kind, select in parts.items()
    )
    return head + "\nunion all\n".join(selects)


def head(
    schemas: Collection[str] | None, ignore: Collection[str], *, chosen_only: bool = False
) -> str:
    """The common table expressions: the namespaces and relations that are looked at.

    With *chosen_only* they are just the relations whose oids are given as ``$1``, an oid[].
    """
    chosen = "" if schemas is None else f"and nspname = any({array(schemas)})"
    temporary = "or oid = pg_my_temp_schema()" if schemas and "pg_temp" in schemas else ""
    ignored = f"and c.relname <> all({array(ignore)})" if ignore else ""
    only = "and c.oid = any($1)" if chosen_only else ""
    return f"""
with namespace as materialized (
  select oid, nspname, nspowner, nspacl from pg_namespace
  where nspname !~ '^pg_' and nspname <> 'information_schema' {chosen} {temporary}
), member as materialized (
  select classid, objid from pg_depend where deptype = 'e'
), relation as materialized (
  select c.*, n.nspname from pg_class c join namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c') {ignored} {only}
    and not {of_extension("pg_class", "c.oid")}
)
"""
