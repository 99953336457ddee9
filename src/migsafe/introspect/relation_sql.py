"""SELECTs for relations and what hangs on them; the key ``relation`` is the oid it belongs to."""

from __future__ import annotations

from collections.abc import Mapping

from migsafe.introspect.query import acl, column_names, comment, qualified

_RELATION = f"""
select c.oid as relation, c.relkind as kind, c.nspname as schema, c.relname as name,
  c.relpersistence as persistence, pg_get_userbyid(c.relowner) as owner,
  case c.relkind when 'c' then null when 'S' then {acl("c.relacl", "s", "c.relowner")}
    else {acl("c.relacl", "r", "c.relowner")} end as acl,
  {comment("pg_class", "c.oid")} as comment,
  coalesce(c.reloptions, f.ftoptions) as options,
  (select t.reloptions from pg_class t where t.oid = c.reltoastrelid) as toast_options,
  (select amname from pg_am where oid = c.relam) as access_method,
  (select spcname from pg_tablespace where oid = c.reltablespace) as tablespace,
  c.relrowsecurity as row_security, c.relforcerowsecurity as force_row_security,
  c.relreplident as replica_identity, c.relispopulated as populated,
  case when c.reloftype <> 0 then {qualified("pg_type", "typ", "c.reloftype")} end as of_type,
  case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as partition_key,
  c.relispartition as is_partition,
  case when c.relispartition then pg_get_expr(c.relpartbound, c.oid) end as partition_bound,
  (select json_agg(json_build_array(p_n.nspname, p.relname, i.inhdetachpending) order by i.inhseqno)
   from pg_inherits i join pg_class p on p.oid = i.inhparent
   join pg_namespace p_n on p_n.oid = p.relnamespace where i.inhrelid = c.oid) as parents,
  case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end as definition,
  (select srvname from pg_foreign_server where oid = f.ftserver) as server
from relation c left join pg_foreign_table f on f.ftrelid = c.oid
"""

_COLUMN = f"""
select a.attrelid as relation, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
  a.attnotnull as not_null, nullif(a.attidentity, '') as identity,
  nullif(a.attgenerated, '') as generated, pg_get_expr(d.adbin, d.adrelid) as expression,
  case when a.attcollation <> t.typcollation
    then {qualified("pg_collation", "coll", "a.attcollation")} end as collation,
  case when a.attstorage <> t.typstorage then a.attstorage end as storage,
  nullif(a.attcompression, '') as compression,
  nullif(a.attstattarget, -1) as statistics_target, a.attoptions || a.attfdwoptions as options,
  a.attinhcount as inherited, a.attislocal as local,
  (select json_agg(i::text order by i::text collate "C") from unnest(a.attacl) i) as acl,
  e.description as comment
from relation c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
left join pg_description e on e.classoid = 'pg_class'::regclass
  and e.objoid = a.attrelid and e.objsubid = a.attnum
where c.relkind <> 'S' order by a.attrelid, a.attnum
"""

# A foreign key to a partitioned table has one more row for each partition it points at, on the
# same table; those are not anybody's objects (pg_dump leaves them out likewise).
_CONSTRAINT = f"""
select c.conrelid as relation, c.conname as name, c.contype as kind,
  {column_names("c.conrelid", "c.conkey")} as columns,
  pg_get_expr(c.conbin, c.conrelid) as expression,
  case when c.contype = 'f' then {qualified("pg_class", "rel", "c.confrelid")} end as references,
  {column_names("c.confrelid", "c.confkey")} as referenced_columns,
  c.confmatchtype as match, c.confdeltype as on_delete, c.confupdtype as on_update,
  {column_names("c.conrelid", "<delete_columns>")} as on_delete_columns,
  c.condeferrable as deferrable, c.condeferred as deferred, c.convalidated as validated,
  <enforced> as enforced, c.connoinherit as no_inherit, c.conislocal as local,
  c.coninhcount as inherited, <period> as period,
  case when c.contype in ('p', 'u', 'x')
    then (select relname from pg_class where oid = c.conindid) end as index,
  (select json_agg(case o_n.nspname when 'pg_catalog' then o.oprname
     else quote_ident(o_n.nspname) || '.' || o.oprname end order by k.place)
   from unnest(c.conexclop) with ordinality k(operator, place) join pg_operator o
   on o.oid = k.operator join pg_namespace o_n on o_n.oid = o.oprnamespace) as operators,
  {comment("pg_constraint", "c.oid")} as comment
from pg_constraint c join relation r on r.oid = c.conrelid
where c.contype <> 't' and not exists (select from pg_constraint p
  where c.contype = 'f' and p.oid = c.conparentid and p.conrelid = c.conrelid)
"""

_INDEX_KEYS = f"""
(select json_agg(json_build_object(
   'column', ta.attname,
   'expression', case when k.number = 0 then pg_get_indexdef(i.indexrelid, k.place::int, false) end,
   'collation', case when i.indcollation[k.place - 1] <> coalesce(ta.attcollation, kt.typcollation)
     then {qualified("pg_collation", "coll", "i.indcollation[k.place - 1]")} end,
   'opclass', case when not o.opcdefault or ka.attoptions is not null
     then {qualified("pg_opclass", "opc", "o.oid")} end,
   'options', ka.attoptions, 'order', i.indoption[k.place - 1]) order by k.place)
 from unnest(i.indkey) with ordinality k(number, place)
 join pg_attribute ka on ka.attrelid = i.indexrelid and ka.attnum = k.place
 join pg_type kt on kt.oid = ka.atttypid
 join pg_opclass o on o.oid = i.indclass[k.place - 1]
 left join pg_attribute ta on ta.attrelid = i.indrelid and ta.attnum = k.number and k.number > 0
 where k.place <= i.indnkeyatts)
"""

_INDEX = f"""
select i.indrelid as relation, r.nspname as schema, c.relname as name,
  (select amname from pg_am where oid = c.relam) as method, {_INDEX_KEYS} as keys,
  {column_names("i.indrelid", "i.indkey[i.indnkeyatts:i.indnatts - 1]")} as include,
  i.indisunique as unique, <nulls_not_distinct> as nulls_not_distinct,
  pg_get_expr(i.indpred, i.indrelid) as predicate, c.reloptions as options,
  (select spcname from pg_tablespace where oid = c.reltablespace) as tablespace,
  i.indisvalid as valid, i.indisclustered as clustered, i.indisreplident as replica_identity,
  (select conname from pg_constraint k where k.conindid = i.indexrelid
    and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x')) as constraint,
  (select {qualified("pg_class", "rel", "inhparent")} from pg_inherits
    where inhrelid = i.indexrelid) as parent,
  (select json_agg(json_build_array(a.attnum, a.attstattarget) order by a.attnum)
   from pg_attribute a where a.attrelid = i.indexrelid
    and coalesce(a.attstattarget, -1) <> -1) as statistics_targets,
  {comment("pg_class", "i.indexrelid")} as comment,
  (select json_agg(attname order by attnum) from pg_attribute where attrelid = i.indexrelid)
    as attributes
from pg_index i join relation r on r.oid = i.indrelid join pg_class c on c.oid = i.indexrelid
"""

_TRIGGER = f"""
select t.tgrelid as relation, t.tgname as name,
  {qualified("pg_proc", "pro", "t.tgfoid")} as function,
  t.tgtype as bits, {column_names("t.tgrelid", "t.tgattr::int2[]")} as columns,
  case when t.tgqual is not null then pg_get_triggerdef(t.oid) end as definition,
  encode(t.tgargs, 'hex') as arguments, t.tgconstraint <> 0 as constraint,
  t.tgdeferrable as deferrable, t.tginitdeferred as deferred, t.tgoldtable as old_table,
  t.tgnewtable as new_table, t.tgenabled as enabled, t.tgparentid <> 0 as inherited,
  case when t.tgconstrrelid <> 0 then {qualified("pg_class", "rel", "t.tgconstrrelid")} end
    as references, {comment("pg_trigger", "t.oid")} as comment
from pg_trigger t join relation r on r.oid = t.tgrelid where not t.tgisinternal
"""

_POLICY = f"""
select p.polrelid as relation, p.polname as name, p.polcmd as command,
  p.polpermissive as permissive,
  (select json_agg(case o when 0 then 'public' else pg_get_userbyid(o) end)
   from unnest(p.polroles) o) as roles,
  pg_get_expr(p.polqual, p.polrelid) as using, pg_get_expr(p.polwithcheck, p.polrelid) as check,
  {comment("pg_policy", "p.oid")} as comment
from pg_policy p join relation r on r.oid = p.polrelid
"""

_RULE = f"""
select w.ev_class as relation, w.rulename as name, pg_get_ruledef(w.oid) as definition,
  w.ev_enabled as enabled, {comment("pg_rewrite", "w.oid")} as comment
from pg_rewrite w join relation r on r.oid = w.ev_class where w.rulename <> '_RETURN'
"""

_USE = """
select distinct w.ev_class as relation, u_n.nspname as schema, u.relname as name,
  a.attname as column
from pg_rewrite w join relation r on r.oid = w.ev_class and r.relkind in ('v', 'm')
join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.deptype = 'n'
  and d.refclassid = 'pg_class'::regclass
join pg_class u on u.oid = d.refobjid and u.relkind <> 'S' and u.oid <> w.ev_class
join pg_namespace u_n on u_n.oid = u.relnamespace
left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid and a.attnum > 0
"""

_SEQUENCE = """
select s.seqrelid as relation, format_type(s.seqtypid, null) as type, s.seqstart as start,
  s.seqincrement as increment, s.seqmin as minimum, s.seqmax as maximum, s.seqcache as cache,
  s.seqcycle as cycle, o.schema, o.name, o.column, o.deptype = 'i' as identity
from pg_sequence s join relation r on r.oid = s.seqrelid
left join (select d.objid, d.deptype, n.nspname as schema, t.relname as name, a.attname as column
  from pg_depend d join pg_class t on t.oid = d.refobjid
  join pg_namespace n on n.oid = t.relnamespace
  join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
    and d.objsubid = 0 and d.deptype in ('a', 'i')) o on o.objid = s.seqrelid
"""


def parts(major: int) -> Mapping[str, str]:
    """The SELECTs by kind for PostgreSQL *major*."""
    terms = {
        "<delete_columns>": "c.confdelsetcols" if major >= 15 else "null::int2[]",
        "<enforced>": "c.conenforced" if major >= 18 else "true",
        "<period>": "c.conperiod" if major >= 18 else "false",
        "<nulls_not_distinct>": "i.indnullsnotdistinct" if major >= 15 else "false",
    }
    constraint, index = _CONSTRAINT, _INDEX
    for term, meaning in terms.items():
        constraint = constraint.replace(term, meaning)
        index = index.replace(term, meaning)
    return {
        "relation": _RELATION,
        "column": _COLUMN,
        "constraint": constraint,
        "index": index,
        "trigger": _TRIGGER,
        "policy": _POLICY,
        "rule": _RULE,
        "use": _USE,
        "sequence": _SEQUENCE,
    }
