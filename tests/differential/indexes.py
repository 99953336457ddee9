"""Indexes that are made, rebuilt and moved, inside of a transaction."""

from __future__ import annotations

from collections.abc import Iterator

from tests.differential.case import Case
from tests.differential.world import WORLD

TABLES = """plain keyed empty_one pt pt_a pd pd_3 inh inh_a mv v_keyed nosuch sq acted "Odd Name"
app.item unlog pk t ONLY@pt ONLY@inh ONLY@plain"""
MADE = """
CREATE INDEX n ON {t}({c})
CREATE UNIQUE INDEX n ON {t}({c})
CREATE INDEX n ON {t}({c} DESC NULLS LAST)
CREATE INDEX n ON {t} USING hash ({c})
CREATE INDEX n ON {t} USING brin ({c})
CREATE INDEX n ON {t} USING gist ({c})
CREATE INDEX n ON {t} USING gin ({c})
CREATE INDEX n ON {t} USING nosuch ({c})
CREATE INDEX n ON {t}(({c} + 1))
CREATE INDEX n ON {t}({c}) WHERE {c} > 5
CREATE INDEX n ON {t}({c}) INCLUDE ({c})
CREATE INDEX n ON {t}(nosuch)
CREATE INDEX n ON {t}({c} text_ops)
CREATE INDEX n ON {t}({c} int4_ops)
CREATE INDEX n ON {t}({c}) WITH (fillfactor = 70)
CREATE INDEX n ON {t}({c}) WITH (nosuch = 70)
CREATE INDEX n ON {t}({c}) TABLESPACE pg_default
CREATE INDEX ON {t}({c})
CREATE INDEX keyed_ab ON {t}({c})
CREATE INDEX IF NOT EXISTS keyed_ab ON {t}({c})
CREATE INDEX IF NOT EXISTS n ON {t}({c})
CREATE UNIQUE INDEX n ON {t}({c}) NULLS NOT DISTINCT
CREATE INDEX n ON {t}({c}, {c})
REINDEX TABLE {t}
CREATE UNIQUE INDEX n ON {t}(({c} % 2))
"""
OTHERS = """
CREATE INDEX n ON plain(lower(c))
CREATE INDEX n ON plain(c text_pattern_ops)
CREATE INDEX n ON plain USING gin (to_tsvector('simple', c))
CREATE INDEX n ON plain USING gin (to_tsvector(c))
CREATE INDEX n ON plain((now()))
CREATE INDEX n ON plain((random()))
CREATE INDEX n ON plain(stable_five())
CREATE INDEX n ON plain((stable_five()))
CREATE INDEX n ON plain((imm_five()))
CREATE INDEX n ON plain((unmarked_five()))
CREATE INDEX n ON plain(a) WHERE d > now()
CREATE INDEX n ON plain(a) WHERE d > CURRENT_DATE
CREATE INDEX n ON plain(a) WHERE b
CREATE INDEX n ON plain((SELECT 1))
CREATE INDEX n ON plain(count(*))
CREATE INDEX n ON plain(a, b, c)
CREATE INDEX n ON plain(c COLLATE "POSIX")
CREATE INDEX n ON plain(c COLLATE nosuch)
CREATE INDEX n ON plain(a COLLATE "C")
CREATE INDEX n ON plain(d) INCLUDE (a, b)
CREATE INDEX n ON plain USING gist (d)
CREATE INDEX n ON plain USING spgist (c)
CREATE INDEX n ON plain USING spgist (a)
CREATE INDEX n ON plain USING hash (a, b)
CREATE INDEX n ON plain USING brin (a, b) WITH (pages_per_range = 16)
CREATE UNIQUE INDEX n ON plain USING hash (a)
CREATE UNIQUE INDEX n ON plain(b)
CREATE UNIQUE INDEX n ON plain(a) WHERE b = 3
CREATE INDEX n ON t(doc)
CREATE INDEX n ON t USING gin (doc jsonb_path_ops)
CREATE INDEX n ON t((doc ->> 'a'))
CREATE INDEX n ON t((doc -> 'a'))
CREATE INDEX n ON t(status)
CREATE INDEX n ON t(lower(email))
CREATE INDEX n ON t(date(created_at))
CREATE INDEX n ON t((created_at::date))
CREATE INDEX n ON t(date_trunc('day', created_at))
CREATE INDEX n ON t(date_trunc('day', created_at AT TIME ZONE 'UTC'))
CREATE INDEX n ON t(price) WHERE status = 'ok'
CREATE INDEX n ON dom(c)
CREATE INDEX n ON dom(q)
CREATE INDEX n ON holder(r)
CREATE INDEX n ON dom((c).a)
CREATE INDEX n ON dom(((c).a))
REINDEX INDEX keyed_ab
REINDEX INDEX keyed_pkey
REINDEX INDEX nosuch
REINDEX INDEX pt_a_k_idx
REINDEX INDEX pt_k
REINDEX INDEX mv_id
REINDEX INDEX keyed
REINDEX TABLE keyed_ab
REINDEX TABLE t
REINDEX TABLE mv
REINDEX (VERBOSE) TABLE keyed
CLUSTER keyed USING keyed_ab
CLUSTER keyed USING keyed_part
CLUSTER keyed USING keyed_expr
CLUSTER keyed USING nosuch
CLUSTER keyed
CLUSTER nosuch
CLUSTER v_keyed
CLUSTER mv USING mv_id
CLUSTER plain
CLUSTER pt USING pt_k
CLUSTER gen USING gen_pkey
CLUSTER acted USING keyed_ab
ANALYZE keyed
ANALYZE keyed (a, b)
ANALYZE keyed (nosuch)
ANALYZE nosuch
ANALYZE v_keyed
ANALYZE mv
ANALYZE pt
ANALYZE pt_a
ANALYZE inh
ANALYZE keyed, plain
ANALYZE "Odd Name"
"""


def cases() -> Iterator[Case]:
    """All of them, in one set-up."""
    from tests.differential.columns import _words

    for table in _words(TABLES):
        column = '"Id"' if "Odd" in table else "id"
        for text in MADE.strip().splitlines():
            yield Case(WORLD, (text.format(t=table.replace("@", " "), c=column),))
    for text in OTHERS.strip().splitlines():
        yield Case(WORLD, (text,))
