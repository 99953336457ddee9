"""What a server says about its relations and objects at one moment, as a session sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from migsafe.names import Name

Ask = Callable[[str], Iterable[Any]]
"""Runs one query and returns its rows."""

# Objects below this number are PostgreSQL's own (FirstNormalObjectId in access/transam.h).
FIRST_OID = 16384

INDEXES = ("i", "I")

# Toast tables follow their table, temporary ones are nobody else's: neither is listed.
_RELATIONS = f"""
SELECT c.oid::bigint, n.nspname::text, c.relname::text, c.relkind::text,
       coalesce(pg_catalog.pg_relation_filenode(c.oid), 0)::bigint,
       coalesce(i.indrelid, d.refobjid, 0)::bigint, coalesce(h.inhparent, 0)::bigint,
       coalesce(pg_catalog.pg_stat_get_xact_tuples_returned(c.oid), 0)::bigint,
       coalesce(pg_catalog.pg_stat_get_xact_numscans(c.oid), 0)::bigint,
       coalesce(pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid), 0)::bigint,
       coalesce(pg_catalog.pg_relation_size(c.oid), 0)::bigint
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = c.oid AND c.relispartition
LEFT JOIN pg_catalog.pg_depend d ON c.relkind = 'S' AND d.objid = c.oid AND d.refobjsubid > 0
  AND d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = d.classid
  AND d.deptype IN ('a', 'i')
WHERE c.oid >= {FIRST_OID} AND c.relpersistence <> 't' AND n.nspname <> 'pg_toast'
  AND c.relkind IN ('r', 'p', 'm', 'i', 'I', 'S', 'v', 'f', 'c')
"""

# The constraints that a partition has from its parent are copies.
# kind, number, part of a column, relation it hangs on, schema, name
_OBJECTS = f"""
SELECT 'column', a.attrelid::bigint, a.attnum::int, a.attrelid::bigint, '', a.attname::text
FROM pg_catalog.pg_attribute a
WHERE a.attrelid >= {FIRST_OID} AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT CASE c.conparentid WHEN 0 THEN 'constraint' ELSE 'copy' END, c.oid::bigint, 0,
       c.conrelid::bigint, '', c.conname::text
FROM pg_catalog.pg_constraint c
WHERE c.oid >= {FIRST_OID} AND c.conrelid <> 0 AND c.contype IN ('c', 'f', 'p', 'u', 'x')
UNION ALL
SELECT 'trigger', t.oid::bigint, 0, t.tgrelid::bigint, '', t.tgname::text
FROM pg_catalog.pg_trigger t WHERE t.oid >= {FIRST_OID} AND NOT t.tgisinternal
UNION ALL
SELECT 'rule', r.oid::bigint, 0, r.ev_class::bigint, '', r.rulename::text
FROM pg_catalog.pg_rewrite r WHERE r.oid >= {FIRST_OID} AND r.rulename <> '_RETURN'
UNION ALL
SELECT 'default', a.attrelid::bigint, a.attnum::int, a.attrelid::bigint, '', a.attname::text
FROM pg_catalog.pg_attrdef d
JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
WHERE d.adrelid >= {FIRST_OID} AND a.attgenerated = ''
UNION ALL
SELECT 'policy', p.oid::bigint, 0, p.polrelid::bigint, '', p.polname::text
FROM pg_catalog.pg_policy p WHERE p.oid >= {FIRST_OID}
UNION ALL
SELECT 'statistics', s.oid::bigint, 0, s.stxrelid::bigint, n.nspname::text, s.stxname::text
FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
UNION ALL
SELECT 'type', t.oid::bigint, 0, 0, n.nspname::text, t.typname::text
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE t.oid >= {FIRST_OID} AND t.typtype IN ('e', 'd', 'r')
UNION ALL
SELECT 'function', p.oid::bigint, 0, 0, n.nspname::text, p.proname::text
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE p.oid >= {FIRST_OID} AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid
      AND d.deptype IN ('e', 'i'))
UNION ALL
SELECT 'schema', n.oid::bigint, 0, 0, '', n.nspname::text
FROM pg_catalog.pg_namespace n WHERE n.oid >= {FIRST_OID} AND n.nspname !~ '^pg_'
UNION ALL
SELECT 'extension', e.oid::bigint, 0, 0, '', e.extname::text
FROM pg_catalog.pg_extension e WHERE e.oid >= {FIRST_OID}
"""

_FOREIGN_KEYS = f"""
SELECT c.oid::bigint, c.conrelid::bigint, c.confrelid::bigint
FROM pg_catalog.pg_constraint c
WHERE c.oid >= {FIRST_OID} AND c.contype = 'f' AND c.convalidated
"""


@dataclass(frozen=True)
class Relation:
    """One row of pg_class.

    *file* is its storage, *owner* the table of an index or a sequence, *parent* that of a
    partition. Of it the session has read *tuples* rows in *scans* scans and deleted *deleted* rows
    so far; *size* is in bytes.
    """

    oid: int
    name: Name
    kind: str
    file: int
    owner: int
    parent: int
    tuples: int
    scans: int
    deleted: int
    size: int


@dataclass(frozen=True)
class Thing:
    """An object that hangs on a relation, or a type, function, schema or extension."""

    kind: str
    relation: int
    name: Name


@dataclass(frozen=True)
class State:
    """Relations and other objects by number, at one moment.

    *foreign_keys* are the validated ones, with the referencing and the referenced table.
    """

    relations: Mapping[int, Relation]
    things: Mapping[tuple[str, int, int], Thing]
    foreign_keys: Mapping[int, tuple[int, int]]

    @cached_property
    def by_name(self) -> Mapping[Name, Relation]:
        """The relations by their names."""
        return {relation.name: relation for relation in self.relations.values()}

    def below(self, oid: int) -> Iterable[Relation]:
        """The relation with this number and its partitions, at any depth."""
        if oid in self.relations:
            yield self.relations[oid]
        for relation in self.relations.values():
            if relation.parent == oid:
                yield from self.below(relation.oid)

    def indexes_of(self, oid: int) -> Iterable[Relation]:
        """The indexes of the table with this number."""
        return (
            relation
            for relation in self.relations.values()
            if relation.owner == oid and relation.kind in INDEXES
        )


def read(ask: Ask) -> State:
    """The state as the session behind *ask* sees it now, with its own uncommitted changes."""
    relations = {
        row[0]: Relation(row[0], Name(row[1], row[2]), *row[3:]) for row in ask(_RELATIONS)
    }
    things = {
        (kind, oid, part): Thing(kind, relation, Name(schema or None, name))
        for kind, oid, part, relation, schema, name in ask(_OBJECTS)
    }
    keys = {row[0]: (row[1], row[2]) for row in ask(_FOREIGN_KEYS)}
    return State(relations, things, keys)
