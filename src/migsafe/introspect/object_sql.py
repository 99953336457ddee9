"""SELECTs for schemas, types, functions and the other objects that hang on no relation."""

from __future__ import annotations

from collections.abc import Mapping

from migsafe.introspect.query import acl, column_names, comment, of_extension, qualified

_SCHEMA = f"""
select n.nspname as name, pg_get_userbyid(n.nspowner) as owner,
  {acl("n.nspacl", "n", "n.nspowner")} as acl, {comment("pg_namespace", "n.oid")} as comment
from namespace n where not {of_extension("pg_namespace", "n.oid")}
"""

_TYPE = f"""
select t.oid, n.nspname as schema, t.typname as name, t.typtype as kind,
  pg_get_userbyid(t.typowner) as owner, {acl("t.typacl", "T", "t.typowner")} as acl,
  {comment("pg_type", "t.oid")} as comment,
  (select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e
    where e.enumtypid = t.oid) as labels,
  format_type(t.typbasetype, t.typtypmod) as base, t.typnotnull as not_null,
  pg_get_expr(t.typdefaultbin, 0) as default,
  case when t.typtype = 'd' and t.typcollation <> b.typcollation
    then {qualified("pg_collation", "coll", "t.typcollation")} end as collation,
  (select json_agg(json_build_object('name', c.conname, 'expression', pg_get_expr(c.conbin, 0),
     'validated', c.convalidated, 'comment', {comment("pg_constraint", "c.oid")})
     order by c.conname) from pg_constraint c where c.contypid = t.oid and c.contype = 'c')
    as constraints
from pg_type t join namespace n on n.oid = t.typnamespace
left join pg_type b on b.oid = t.typbasetype
where t.typtype in ('e', 'd') and not {of_extension("pg_type", "t.oid")}
"""

_COMPOSITE = f"""
select r.oid as relation, pg_get_userbyid(t.typowner) as owner,
  {acl("t.typacl", "T", "t.typowner")} as acl, {comment("pg_type", "t.oid")} as comment
from relation r join pg_type t on t.oid = r.reltype where r.relkind = 'c'
"""

_RANGE = f"""
select n.nspname as schema, t.typname as name, pg_get_userbyid(t.typowner) as owner,
  {acl("t.typacl", "T", "t.typowner")} as acl, {comment("pg_type", "t.oid")} as comment,
  format_type(r.rngsubtype, -1) as subtype,
  case when not o.opcdefault then o.opcname end as opclass,
  case when r.rngcollation <> s.typcollation
    then {qualified("pg_collation", "coll", "r.rngcollation")} end as collation,
  nullif(r.rngcanonical::regproc::text, '-') as canonical,
  nullif(r.rngsubdiff::regproc::text, '-') as subtype_diff,
  (select typname from pg_type where oid = r.rngmultitypid) as multirange
from pg_range r join pg_type t on t.oid = r.rngtypid join namespace n on n.oid = t.typnamespace
join pg_type s on s.oid = r.rngsubtype join pg_opclass o on o.oid = r.rngsubopc
where not {of_extension("pg_type", "t.oid")}
"""

# An aggregate has no definition to print, so its row stands for one.
_FUNCTION = f"""
select p.oid, n.nspname as schema, p.proname as name, p.prokind as kind,
  (select json_agg(format_type(a.type, null) order by a.place)
   from unnest(p.proargtypes) with ordinality a(type, place)) as arguments,
  pg_get_function_result(p.oid) as returns,
  (select lanname from pg_language where oid = p.prolang) as language, p.provolatile as volatility,
  case when p.probin is null then coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)
    else p.probin || ' ' || p.prosrc end as body,
  case when p.prokind <> 'a' then pg_get_functiondef(p.oid) else
    (select json_build_array(aggkind, aggnumdirectargs, aggtransfn, aggfinalfn, aggcombinefn,
      aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn, aggfinalextra,
      aggfinalmodify, aggsortop::regoperator, aggtranstype::regtype, aggtransspace,
      aggmtranstype::regtype, agginitval, aggminitval, p.proparallel)::text
     from pg_aggregate where aggfnoid = p.oid) end as definition,
  (select json_agg(distinct json_build_array(u_n.nspname, u.relname, a.attname)::text)
   from pg_depend d join pg_class u on u.oid = d.refobjid and u.relkind <> 'S'
   join pg_namespace u_n on u_n.oid = u.relnamespace
   left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid and a.attnum > 0
   where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'n'
     and d.refclassid = 'pg_class'::regclass) as uses,
  pg_get_userbyid(p.proowner) as owner, {acl("p.proacl", "f", "p.proowner")} as acl,
  {comment("pg_proc", "p.oid")} as comment
from pg_proc p join namespace n on n.oid = p.pronamespace
where not {of_extension("pg_proc", "p.oid")} and not exists (select from pg_depend i
  where i.classid = 'pg_proc'::regclass and i.objid = p.oid and i.deptype = 'i')
"""

_EXTENSION = f"""
select e.extname as name, e.extversion as version,
  (select nspname from pg_namespace where oid = e.extnamespace) as schema,
  {comment("pg_extension", "e.oid")} as comment
from pg_extension e where e.extname <> 'plpgsql'
"""

_PUBLICATION = f"""
select p.pubname as name, p.puballtables as all_tables, p.pubviaroot as via_root,
  p.pubinsert as insert, p.pubupdate as update, p.pubdelete as delete, p.pubtruncate as truncate,
  pg_get_userbyid(p.pubowner) as owner, {comment("pg_publication", "p.oid")} as comment,
  <generated> as generated_columns,
  (select json_agg(json_build_object('schema', n.nspname, 'name', t.relname,
     'columns', {column_names("r.prrelid", "<columns>")}, 'where', <where>)
     order by n.nspname, t.relname)
   from pg_publication_rel r join pg_class t on t.oid = r.prrelid
   join pg_namespace n on n.oid = t.relnamespace where r.prpubid = p.oid) as tables,
  <schemas> as schemas
from pg_publication p
"""

_PUBLISHED_SCHEMAS = """(select json_agg(n.nspname order by n.nspname) from pg_publication_namespace
    s join pg_namespace n on n.oid = s.pnnspid where s.pnpubid = p.oid)"""

_STATISTICS = f"""
select n.nspname as schema, s.stxname as name,
  {qualified("pg_class", "rel", "s.stxrelid")} as table,
  {column_names("s.stxrelid", "s.stxkeys::int2[]")} as columns,
  to_json(pg_get_statisticsobjdef_expressions(s.oid)) as expressions, s.stxkind as kinds,
  nullif(s.stxstattarget, -1) as target, pg_get_userbyid(s.stxowner) as owner,
  {comment("pg_statistic_ext", "s.oid")} as comment
from pg_statistic_ext s join namespace n on n.oid = s.stxnamespace
where not {of_extension("pg_statistic_ext", "s.oid")}
"""

_COLLATION = f"""
select n.nspname as schema, c.collname as name, c.collprovider as provider,
  c.collisdeterministic as deterministic, c.collcollate as lc_collate, c.collctype as lc_ctype,
  <locale> as locale, <rules> as rules, pg_get_userbyid(c.collowner) as owner,
  {comment("pg_collation", "c.oid")} as comment
from pg_collation c join namespace n on n.oid = c.collnamespace
where not {of_extension("pg_collation", "c.oid")}
"""


def parts(major: int) -> Mapping[str, str]:
    """The SELECTs by kind for PostgreSQL *major*."""
    icu = "c.colliculocale" if major >= 15 else "null::text"
    terms = {
        "<generated>": "p.pubgencols::text" if major >= 18 else "'n'",
        "<columns>": "r.prattrs::int2[]" if major >= 15 else "null::int2[]",
        "<where>": "pg_get_expr(r.prqual, r.prrelid)" if major >= 15 else "null",
        "<schemas>": _PUBLISHED_SCHEMAS if major >= 15 else "null::json",
        "<locale>": "c.colllocale" if major >= 17 else icu,
        "<rules>": "c.collicurules" if major >= 16 else "null",
    }
    publication, collation = _PUBLICATION, _COLLATION
    for term, meaning in terms.items():
        publication = publication.replace(term, meaning)
        collation = collation.replace(term, meaning)
    return {
        "schema": _SCHEMA,
        "type": _TYPE,
        "composite": _COMPOSITE,
        "range": _RANGE,
        "function": _FUNCTION,
        "extension": _EXTENSION,
        "publication": publication,
        "statistics": _STATISTICS,
        "collation": collation,
    }
