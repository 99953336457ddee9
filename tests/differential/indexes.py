"""Indexes that are made, rebuilt and moved, inside of a transaction."""

from __future__ import annotations

from collections.abc import Iterator

from .case import Case, listed, words
from .world import WORLD

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


def cases() -> Iterator[Case]:
    """All of them, in one set-up."""
    for table in words(TABLES):
        column = '"Id"' if "Odd" in table else "id"
        for text in MADE.strip().splitlines():
            yield Case(WORLD, (text.format(t=table.replace("@", " "), c=column),))
    for statements in listed("indexes"):
        yield Case(WORLD, statements)
