"""Constraints of all kinds on all kinds of tables."""

from __future__ import annotations

from collections.abc import Iterator

from tests.differential.case import Case
from tests.differential.world import WORLD

TABLES = """plain keyed empty_one pt pt_a pd inh inh_a gen late kid acted dom "Odd Name" app.item
v_keyed mv nosuch typed unlog pk"""
KINDS = """
CHECK (id > 0)
CHECK (id > 0) NOT VALID
CHECK (id > 0) NO INHERIT
CHECK (id > 100000)
CHECK (id IS NOT NULL)
CHECK (nosuch > 0)
CHECK (id)
CHECK (id > 0) NOT ENFORCED
CHECK (random() > 0)
CHECK (true)
UNIQUE (id)
UNIQUE (id) DEFERRABLE INITIALLY DEFERRED
UNIQUE NULLS NOT DISTINCT (id)
UNIQUE (nosuch)
UNIQUE (id) INCLUDE (id)
UNIQUE (id) WITH (fillfactor = 70)
UNIQUE (id, id)
PRIMARY KEY (id)
PRIMARY KEY (nosuch)
PRIMARY KEY (id) DEFERRABLE
FOREIGN KEY (id) REFERENCES owner(id)
FOREIGN KEY (id) REFERENCES owner
FOREIGN KEY (id) REFERENCES owner(id) NOT VALID
FOREIGN KEY (id) REFERENCES owner(id) NOT ENFORCED
FOREIGN KEY (id) REFERENCES owner(name)
FOREIGN KEY (id) REFERENCES nosuch(id)
FOREIGN KEY (id) REFERENCES owner(nosuch)
FOREIGN KEY (nosuch) REFERENCES owner(id)
FOREIGN KEY (id) REFERENCES parent(id)
FOREIGN KEY (id) REFERENCES parent(code)
FOREIGN KEY (id) REFERENCES keyed(id)
FOREIGN KEY (id, id) REFERENCES owner(id)
FOREIGN KEY (id) REFERENCES empty_one(id)
FOREIGN KEY (id) REFERENCES pk(id)
FOREIGN KEY (id) REFERENCES unlog(id)
FOREIGN KEY (id) REFERENCES late(u)
FOREIGN KEY (id) REFERENCES v_keyed(id)
EXCLUDE (id WITH =)
EXCLUDE USING gist (id WITH =)
EXCLUDE USING gist (id WITH =) WHERE (id > 10)
EXCLUDE USING gist (id WITH <>)
NOT NULL id
NOT NULL id NOT VALID
NOT NULL nosuch
NOT NULL id NO INHERIT
"""
ON_CONSTRAINT = """keyed.keyed_pkey keyed.keyed_code_key keyed.keyed_ck keyed.keyed_two keyed.keyed_nv
keyed.keyed_ref keyed.keyed_ab keyed.nosuch kid.kid_fk kid.kid_self kid.kid_nv kid.kid_pkey late.late_fk
late.late_u gen.gen_pkey gen.gen_id_not_null pk.pk_pkey pk.pk_o_fkey pk_0.pk_0_pkey pk_0.pk_o_fkey
pk_kid.pk_kid_fk part_nn.part_nn_k_check pt.pt_id_not_null pt_a.pt_id_not_null t.t_price_ck
t.t_parent_fk t.t_pkey parent.parent_pkey parent.parent_code_key owner.owner_pkey app.item.item_pkey
app.item.item_owner_id_fkey t.t_email_key child.child_t_fk "Odd Name"."Odd Name_pkey"
keyed.keyed_code_not_null nosuch.x"""
ACTIONS = """
DROP CONSTRAINT {}
DROP CONSTRAINT {} CASCADE
DROP CONSTRAINT IF EXISTS {}
VALIDATE CONSTRAINT {}
ALTER CONSTRAINT {} DEFERRABLE
ALTER CONSTRAINT {} NOT DEFERRABLE
ALTER CONSTRAINT {} DEFERRABLE INITIALLY DEFERRED
ALTER CONSTRAINT {} NOT ENFORCED
ALTER CONSTRAINT {} ENFORCED
ALTER CONSTRAINT {} NO INHERIT
ALTER CONSTRAINT {} INHERIT
RENAME CONSTRAINT {} TO renamed
RENAME CONSTRAINT {} TO keyed_ck
"""
SPECIAL = """
ALTER TABLE keyed ADD CONSTRAINT u UNIQUE USING INDEX keyed_ab
ALTER TABLE keyed ADD CONSTRAINT u PRIMARY KEY USING INDEX keyed_ab
ALTER TABLE keyed ADD CONSTRAINT u UNIQUE USING INDEX keyed_expr
ALTER TABLE keyed ADD CONSTRAINT u UNIQUE USING INDEX keyed_part
ALTER TABLE keyed ADD CONSTRAINT u UNIQUE USING INDEX nosuch
ALTER TABLE keyed ADD CONSTRAINT u UNIQUE USING INDEX keyed_pkey
ALTER TABLE keyed ADD CONSTRAINT u UNIQUE USING INDEX t_name_idx
ALTER TABLE keyed ADD CONSTRAINT u UNIQUE USING INDEX keyed_ab DEFERRABLE
ALTER TABLE keyed ADD UNIQUE USING INDEX keyed_ab
ALTER TABLE pt ADD UNIQUE USING INDEX pt_k
ALTER TABLE keyed ADD CONSTRAINT keyed_ck CHECK (a > 1)
ALTER TABLE keyed ADD CONSTRAINT keyed_ab UNIQUE (note)
ALTER TABLE keyed ADD CONSTRAINT keyed UNIQUE (note)
ALTER TABLE plain ADD UNIQUE (id), ADD UNIQUE (a)
ALTER TABLE plain ADD PRIMARY KEY (id), ADD FOREIGN KEY (a) REFERENCES owner(id)
ALTER TABLE plain ADD PRIMARY KEY (id), ADD PRIMARY KEY (a)
ALTER TABLE plain ADD CHECK (a > 0), ADD CHECK (b >= 0) NOT VALID
ALTER TABLE plain ADD PRIMARY KEY (id, a)
ALTER TABLE plain ADD UNIQUE (b)
ALTER TABLE plain ADD PRIMARY KEY (b)
ALTER TABLE plain ADD FOREIGN KEY (b) REFERENCES owner(id)
ALTER TABLE plain ADD FOREIGN KEY (s) REFERENCES owner(id)
ALTER TABLE plain ADD FOREIGN KEY (big) REFERENCES owner(id)
ALTER TABLE plain ADD FOREIGN KEY (c) REFERENCES owner(id)
ALTER TABLE plain ADD FOREIGN KEY (a) REFERENCES parent(id)
ALTER TABLE plain ADD FOREIGN KEY (d) REFERENCES owner(id)
ALTER TABLE plain ADD FOREIGN KEY (a, b) REFERENCES keyed(a, b)
ALTER TABLE plain ADD FOREIGN KEY (a, b) REFERENCES keyed(b, a)
ALTER TABLE plain ADD FOREIGN KEY (a) REFERENCES keyed(code) ON DELETE SET NULL
ALTER TABLE plain ADD FOREIGN KEY (a) REFERENCES plain(id)
ALTER TABLE kid ADD FOREIGN KEY (code) REFERENCES kid(id)
ALTER TABLE plain ADD FOREIGN KEY (id, a) REFERENCES pk(id, k)
ALTER TABLE pt ADD FOREIGN KEY (o) REFERENCES owner(id)
ALTER TABLE pt ADD FOREIGN KEY (o) REFERENCES owner(id) NOT VALID
ALTER TABLE ONLY pt ADD FOREIGN KEY (o) REFERENCES owner(id)
ALTER TABLE pd ADD FOREIGN KEY (id) REFERENCES owner(id)
ALTER TABLE pt_a ADD FOREIGN KEY (o) REFERENCES owner(id)
ALTER TABLE pt ADD UNIQUE (k)
ALTER TABLE pt ADD PRIMARY KEY (k, id)
ALTER TABLE ONLY pt ADD UNIQUE (k)
ALTER TABLE ONLY pt ADD PRIMARY KEY (k)
ALTER TABLE pt ADD CHECK (k >= 0)
ALTER TABLE ONLY pt ADD CHECK (k >= 0) NO INHERIT
ALTER TABLE pt ADD CHECK (k >= 0) NO INHERIT
ALTER TABLE inh ADD CHECK (id > 0) NO INHERIT
ALTER TABLE ONLY inh ADD CHECK (id > 0)
ALTER TABLE pd ADD UNIQUE (k)
ALTER TABLE pd ADD UNIQUE (k, id)
ALTER TABLE keyed DROP CONSTRAINT keyed_ck, ADD CONSTRAINT keyed_ck CHECK (a > 1)
ALTER TABLE keyed DROP CONSTRAINT keyed_ref, ADD CONSTRAINT keyed_ref FOREIGN KEY (ref) REFERENCES owner(id)
ALTER TABLE keyed DROP CONSTRAINT keyed_code_key, ADD UNIQUE (code)
ALTER TABLE keyed DROP CONSTRAINT keyed_pkey CASCADE, ADD PRIMARY KEY (code)
ALTER TABLE keyed DROP CONSTRAINT keyed_pkey CASCADE, ADD PRIMARY KEY USING INDEX keyed_ab
ALTER TABLE keyed VALIDATE CONSTRAINT keyed_nv, VALIDATE CONSTRAINT keyed_ck
ALTER TABLE keyed VALIDATE CONSTRAINT keyed_nv, ALTER COLUMN b SET NOT NULL
ALTER TABLE keyed ALTER COLUMN a SET NOT NULL, ALTER COLUMN b SET NOT NULL
ALTER TABLE part_nn ALTER COLUMN k SET NOT NULL
ALTER TABLE plain ADD CONSTRAINT c CHECK (a IS NOT NULL), ALTER COLUMN a SET NOT NULL
ALTER TABLE plain ALTER COLUMN a SET NOT NULL, ADD PRIMARY KEY (a)
ALTER TABLE plain ALTER COLUMN a SET NOT NULL, ALTER COLUMN a SET DEFAULT 3
ALTER TABLE plain ALTER COLUMN a TYPE bigint, ALTER COLUMN b TYPE bigint
ALTER TABLE plain ALTER COLUMN a TYPE bigint, ALTER COLUMN a SET NOT NULL
ALTER TABLE plain ALTER COLUMN a TYPE bigint, ALTER COLUMN a TYPE text
ALTER TABLE plain ALTER COLUMN a SET DEFAULT 1, ALTER COLUMN a TYPE text
ALTER TABLE keyed ALTER COLUMN mood DROP DEFAULT, ALTER COLUMN mood TYPE mood2 USING mood::text::mood2, ALTER COLUMN mood SET DEFAULT 'ok'
ALTER TABLE keyed ALTER COLUMN mood TYPE mood2 USING mood::text::mood2
ALTER TABLE keyed ALTER COLUMN id TYPE bigint
ALTER TABLE keyed ALTER COLUMN code TYPE bigint
ALTER TABLE keyed ALTER COLUMN ref TYPE bigint
ALTER TABLE keyed ALTER COLUMN a TYPE bigint
ALTER TABLE keyed ALTER COLUMN note TYPE varchar(100)
ALTER TABLE keyed ALTER COLUMN up TYPE text COLLATE "C"
ALTER TABLE kid ALTER COLUMN self TYPE bigint
ALTER TABLE kid ALTER COLUMN code TYPE bigint
ALTER TABLE gen ALTER COLUMN id TYPE bigint
ALTER TABLE gen ALTER COLUMN ser TYPE bigint
ALTER TABLE gen ALTER COLUMN twice TYPE bigint
ALTER TABLE pk ALTER COLUMN id TYPE bigint
ALTER TABLE pk ALTER COLUMN o TYPE bigint
ALTER TABLE pk_kid ALTER COLUMN pid TYPE bigint
ALTER TABLE pk_0 ALTER COLUMN v TYPE varchar
ALTER TABLE inh ALTER COLUMN w TYPE bigint
ALTER TABLE inh_b ALTER COLUMN w TYPE bigint
ALTER TABLE inh_b ALTER COLUMN extra TYPE bigint
ALTER TABLE owner ALTER COLUMN id TYPE bigint
ALTER TABLE parent ALTER COLUMN id TYPE int
ALTER TABLE t ALTER COLUMN status TYPE text
ALTER TABLE t ALTER COLUMN name TYPE text
ALTER TABLE t ALTER COLUMN email TYPE citext
ALTER TABLE t ALTER COLUMN email TYPE varchar(5)
ALTER TABLE t ALTER COLUMN price TYPE numeric(12,2)
ALTER TABLE t ALTER COLUMN created_at TYPE date
"""


def cases() -> Iterator[Case]:
    """All of them, in one set-up."""
    for text in _texts():
        yield Case(WORLD, (text,))


def _texts() -> Iterator[str]:
    from tests.differential.columns import _words

    for table in _words(TABLES):
        column = '"Id"' if table.startswith('"') else "a" if table == "typed" else "id"
        for kind in KINDS.strip().splitlines():
            fixed = kind.replace("(id", f"({column}").replace("NULL id", f"NULL {column}")
            yield f"ALTER TABLE {table} ADD CONSTRAINT new_one {fixed}"
    for place in _words(ON_CONSTRAINT):
        table, name = place.rsplit(".", 1)
        for action in ACTIONS.strip().splitlines():
            yield f"ALTER TABLE {table} {action.format(name)}"
    yield from SPECIAL.strip().splitlines()
