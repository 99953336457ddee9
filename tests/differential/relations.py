"""Tables, views, indexes, sequences, schemas and their parts: made, altered, dropped."""

from __future__ import annotations

from collections.abc import Iterator

from .case import Case, listed, words
from .world import WORLD

OPTIONS = """
SET (fillfactor = 70)
SET (autovacuum_enabled = off)
SET (parallel_workers = 4)
SET (user_catalog_table = true)
SET (toast_tuple_target = 4000)
SET (toast.autovacuum_enabled = off)
SET (vacuum_truncate = off)
SET (nosuch = 1)
SET (fillfactor = 5)
SET (security_barrier = true)
RESET (fillfactor)
RESET (nosuch)
SET LOGGED
SET UNLOGGED
SET TABLESPACE pg_default
SET TABLESPACE nosuch
SET ACCESS METHOD heap
SET ACCESS METHOD nosuch
SET WITHOUT CLUSTER
SET WITHOUT OIDS
OWNER TO bob
OWNER TO CURRENT_USER
OWNER TO nosuch
ENABLE ROW LEVEL SECURITY
DISABLE ROW LEVEL SECURITY
FORCE ROW LEVEL SECURITY
NO FORCE ROW LEVEL SECURITY
REPLICA IDENTITY FULL
REPLICA IDENTITY DEFAULT
REPLICA IDENTITY NOTHING
REPLICA IDENTITY USING INDEX keyed_ab
REPLICA IDENTITY USING INDEX keyed_pkey
REPLICA IDENTITY USING INDEX nosuch
CLUSTER ON keyed_ab
CLUSTER ON keyed_part
CLUSTER ON nosuch
ENABLE TRIGGER ALL
DISABLE TRIGGER ALL
DISABLE TRIGGER USER
DISABLE TRIGGER tr
ENABLE ALWAYS TRIGGER tr
ENABLE REPLICA TRIGGER nosuch
DISABLE RULE acted_rule
ENABLE RULE nosuch
SET SCHEMA app
SET SCHEMA public
SET SCHEMA nosuch
RENAME TO renamed
RENAME TO keyed
RENAME COLUMN id TO ident
OF ct
NOT OF
INHERIT inh
NO INHERIT inh
INHERIT plain
INHERIT nosuch
ALTER COLUMN id SET STATISTICS -1
"""
TABLES = """
plain keyed kid acted pt pt_a pd inh inh_a stray typed unlog gen v_keyed mv nosuch
app.item sq keyed_ab "Odd Name" late pk_0
"""
DROPS = """
TABLE: plain keyed kid late gen dom typed holder unlog "Odd Name" app.item inh inh_a stray
 pt pt_a pd pd_1 pd_3 pd_def pk pk_0 pk_kid acted owner parent t child v_keyed mv sq keyed_ab nosuch
 app.nosuch nosuch.x keyed,kid pt_a,pt_b plain,nosuch
VIEW: v_keyed v_two mv keyed nosuch v_two,v_keyed
MATERIALIZED VIEW: mv mv_bare v_keyed keyed nosuch
INDEX: keyed_ab keyed_part keyed_expr keyed_pkey keyed_code_key pt_k pt_a_k_idx mv_id "Odd Idx"
 app.item_v item_v nosuch keyed t_name_idx,t_status_idx
SEQUENCE: sq sq_owned gen_ser_seq gen_id_seq nosuch keyed
SCHEMA: app public nosuch
TYPE: mood mood2 ct ctused dpos nosuch keyed int4
DOMAIN: dpos dplain dnn ddef dnest dnv mood nosuch
FUNCTION: trg() stable_five() imm_five() nosuch() stable_five proc() lower(text)
PROCEDURE: proc() nosuch() trg()
ROUTINE: proc() trg() nosuch()
EXTENSION: citext btree_gist nosuch
STATISTICS: keyed_st nosuch
PUBLICATION: pub nosuch
COLLATION: nosuch
"""
DROPS_ON = """
DROP TRIGGER {how} tr ON acted
DROP TRIGGER {how} nosuch ON acted
DROP TRIGGER {how} tr ON nosuch
DROP TRIGGER {how} tr_when ON acted
DROP RULE {how} acted_rule ON acted
DROP RULE {how} nosuch ON acted
DROP RULE {how} "_RETURN" ON v_keyed
DROP POLICY {how} pol ON acted
DROP POLICY {how} nosuch ON acted
DROP POLICY {how} pol ON nosuch
DROP CAST {how} (text AS ct)
DROP OWNED BY bob
"""


def cases() -> Iterator[Case]:
    """All of them, in one set-up."""
    for text in _texts():
        yield Case(WORLD, (text,))


def _texts() -> Iterator[str]:

    for table in words(TABLES):
        for option in OPTIONS.strip().splitlines():
            yield f"ALTER TABLE {table} {option}"
    yield from (text for (text,) in listed("relations"))
    for line in DROPS.replace("\n ", " ").strip().splitlines():
        kind, names = line.split(": ")
        for name in words(names):
            for how in ("{}", "{} CASCADE", "{} RESTRICT"):
                yield f"DROP {kind} {how.format(name)}"
            yield f"DROP {kind} IF EXISTS {name}"
    for line in DROPS_ON.strip().splitlines():
        for how in ("", "IF EXISTS"):
            yield " ".join(line.format(how=how).split())
