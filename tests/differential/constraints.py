"""Constraints of all kinds on all kinds of tables."""

from __future__ import annotations

from collections.abc import Iterator

from .case import Case, listed, words
from .world import WORLD

TABLES = """
plain keyed empty_one pt pt_a pd inh inh_a gen late kid acted dom "Odd Name" app.item
v_keyed mv nosuch typed unlog pk
"""
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
ON_CONSTRAINT = """
keyed.keyed_pkey keyed.keyed_code_key keyed.keyed_ck keyed.keyed_two keyed.keyed_nv
keyed.keyed_ref keyed.keyed_ab keyed.nosuch kid.kid_fk kid.kid_self kid.kid_nv
kid.kid_pkey late.late_fk late.late_u gen.gen_pkey gen.gen_id_not_null pk.pk_pkey
pk.pk_o_fkey pk_0.pk_0_pkey pk_0.pk_o_fkey pk_kid.pk_kid_fk part_nn.part_nn_k_check
pt.pt_id_not_null pt_a.pt_id_not_null t.t_price_ck t.t_parent_fk t.t_pkey
parent.parent_pkey parent.parent_code_key owner.owner_pkey app.item.item_pkey
app.item.item_owner_id_fkey t.t_email_key child.child_t_fk "Odd Name"."Odd Name_pkey"
keyed.keyed_code_not_null nosuch.x
"""
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


def cases() -> Iterator[Case]:
    """All of them, in one set-up."""
    for text in _texts():
        yield Case(WORLD, (text,))


def _texts() -> Iterator[str]:

    for table in words(TABLES):
        column = '"Id"' if table.startswith('"') else "a" if table == "typed" else "id"
        for kind in KINDS.strip().splitlines():
            fixed = kind.replace("(id", f"({column}").replace("NULL id", f"NULL {column}")
            yield f"ALTER TABLE {table} ADD CONSTRAINT new_one {fixed}"
    for place in words(ON_CONSTRAINT):
        table, name = place.rsplit(".", 1)
        for action in ACTIONS.strip().splitlines():
            yield f"ALTER TABLE {table} {action.format(name)}"
    yield from (text for (text,) in listed("constraints"))
