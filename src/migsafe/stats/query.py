"""A database's URL → its statistics, by one statement that reads the catalog alone."""

from __future__ import annotations

from typing import Any

from migsafe.errors import ServerError
from migsafe.names import Name
from migsafe.server.urls import libpq_url, masked, place_of
from migsafe.stats.model import IndexStats, Stats, TableStats

_PATIENCE_SECONDS = 10
# relpages and reltuples are as of the last VACUUM or ANALYZE: rows are scaled to the size of now,
# as the planner does (estimate_rel_size). The size functions give NULL for what has just been
# dropped. A partitioned table has no storage: its numbers are summed over the leaves of its tree.
# Counters that were never reset began with the cluster, whose own counters know when.
_QUERY = """
WITH leaf AS (
    SELECT c.oid, c.relkind, c.relispartition,
           pg_table_size(c.oid) AS bytes,
           pg_indexes_size(c.oid) AS index_bytes,
           CASE WHEN c.reltuples < 0 OR (c.reltuples = 0 AND c.relpages = 0) THEN NULL
                WHEN c.relpages = 0 THEN c.reltuples
                ELSE c.reltuples / c.relpages * (pg_relation_size(c.oid)
                     / current_setting('block_size')::int) END AS rows,
           coalesce(s.seq_scan, 0) AS seq_scans,
           coalesce(s.idx_scan, 0) AS idx_scans,
           coalesce(s.n_tup_ins, 0) AS inserted,
           coalesce(s.n_tup_upd, 0) AS updated,
           coalesce(s.n_tup_del, 0) AS deleted
      FROM pg_class c LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
     WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
), part AS (
    SELECT p.oid AS root, l.* FROM pg_class p
      CROSS JOIN LATERAL pg_partition_tree(p.oid) t JOIN leaf l ON l.oid = t.relid
     WHERE p.relkind = 'p'
    UNION ALL SELECT l.oid, l.* FROM leaf l
    UNION ALL SELECT p.oid, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0
      FROM pg_class p WHERE p.relkind = 'p'
)
SELECT n.nspname, c.relname,
       CASE WHEN bool_or(part.rows IS NULL) THEN NULL ELSE sum(part.rows)::bigint END,
       sum(part.bytes)::bigint, sum(part.index_bytes)::bigint, sum(part.seq_scans)::bigint,
       sum(part.idx_scans)::bigint, sum(part.inserted)::bigint, sum(part.updated)::bigint,
       sum(part.deleted)::bigint,
       (SELECT ARRAY[pn.nspname, pc.relname] FROM pg_inherits i
          JOIN pg_class pc ON pc.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = pc.relnamespace
         WHERE i.inhrelid = c.oid AND c.relispartition),
       (SELECT json_agg(json_build_array(ic.relname, pg_relation_size(ic.oid),
                                         coalesce(si.idx_scan, 0)) ORDER BY ic.relname)
          FROM pg_index x JOIN pg_class ic ON ic.oid = x.indexrelid
          LEFT JOIN pg_stat_user_indexes si ON si.indexrelid = ic.oid
         WHERE x.indrelid = c.oid AND ic.relkind = 'i'),
       (SELECT extract(epoch FROM now() - coalesce(d.stats_reset, least(b.stats_reset,
               a.stats_reset)))::float8
          FROM pg_stat_database d, pg_stat_bgwriter b, pg_stat_archiver a
         WHERE d.datname = current_database()),
       current_setting('server_version_num')::int / 10000
  FROM part JOIN pg_class c ON c.oid = part.root JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%'
 GROUP BY c.oid, n.nspname, c.relname, c.relispartition
 ORDER BY n.nspname, c.relname
"""


def read_stats(url: str) -> Stats:
    """Read the statistics of the database at *url*, in a session that cannot write.

    *url* may have SQLAlchemy's ``+driver``. Raises ServerError when the database cannot be reached
    or read.
    """
    import psycopg

    address = libpq_url(url)
    try:
        with psycopg.connect(
            address, connect_timeout=_PATIENCE_SECONDS, application_name="migsafe stats"
        ) as connection:
            connection.read_only = True
            rows = connection.execute(_QUERY).fetchall()
    except psycopg.Error as error:
        lines = str(error).strip().splitlines() or ["no reason given"]
        why = masked(lines[0], address)
        raise ServerError(f"no statistics of {place_of(address)}: {why}") from error
    tables = [_table(row) for row in rows]
    seconds, postgres = (rows[0][-2], rows[0][-1]) if rows else (None, None)
    return Stats({table.name: table for table in tables}, seconds, postgres)


def _table(row: tuple[Any, ...]) -> TableStats:
    schema, name, rows, size, index_size, seq, idx, inserted, updated, deleted = row[:10]
    parent, indexes = row[10:12]
    return TableStats(
        Name(schema, name), rows, size, index_size, seq, idx, inserted, updated, deleted,
        Name(*parent) if parent else None,
        tuple(IndexStats(*index) for index in indexes or ()),
    )  # fmt: skip
