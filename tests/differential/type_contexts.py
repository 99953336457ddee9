"""Types of columns that other things depend on."""

from __future__ import annotations

from collections.abc import Iterator

from .case import Case
from .column_types import OWN_TYPES, TYPES

# What may depend on column c of table {t}, whose values are {v}.
CONTEXTS = {
    "idx": "CREATE INDEX {t}_c ON {t}(c)",
    "idx2": "CREATE INDEX {t}_c ON {t}(other, c)",
    "desc": "CREATE INDEX {t}_c ON {t}(c DESC NULLS LAST)",
    "uniq": "ALTER TABLE {t} ADD CONSTRAINT {t}_u UNIQUE (id, c)",
    "incl": "CREATE INDEX {t}_c ON {t}(other) INCLUDE (c)",
    "hash": "CREATE INDEX {t}_c ON {t} USING hash (c)",
    "brin": "CREATE INDEX {t}_c ON {t} USING brin (c)",
    "part": "CREATE INDEX {t}_c ON {t}(other) WHERE c IS NOT NULL",
    "partv": "CREATE INDEX {t}_c ON {t}(other) WHERE c > {v}",
    "expr": "CREATE INDEX {t}_c ON {t}((c = {v}))",
    "check": "ALTER TABLE {t} ADD CONSTRAINT {t}_ck CHECK (c >= {v})",
    "checknn": "ALTER TABLE {t} ADD CONSTRAINT {t}_ck CHECK (c IS NOT NULL)",
    "checknv": "ALTER TABLE {t} ADD CONSTRAINT {t}_ck CHECK (c >= {v}) NOT VALID",
    "checkin": "ALTER TABLE {t} ADD CONSTRAINT {t}_ck CHECK (c IN ({v}, {v}) OR id > 0)",
    "notnull": "ALTER TABLE {t} ALTER c SET NOT NULL",
    "default": "ALTER TABLE {t} ALTER c SET DEFAULT {v}",
    "stats": "CREATE STATISTICS {t}_st ON c, other FROM {t}",
    "view": "CREATE VIEW {t}_v AS SELECT c FROM {t}",
    "viewother": "CREATE VIEW {t}_v AS SELECT other FROM {t}",
    "matview": "CREATE MATERIALIZED VIEW {t}_v AS SELECT id FROM {t} WHERE c IS NULL",
    "rule": "CREATE RULE r AS ON UPDATE TO {t} WHERE old.c IS NULL DO ALSO NOTHING",
    "trigof": "CREATE TRIGGER tr BEFORE UPDATE OF c ON {t} FOR EACH ROW EXECUTE FUNCTION trg()",
    "trigwhen": "CREATE TRIGGER tr BEFORE UPDATE ON {t} FOR EACH ROW WHEN (new.c IS NULL) "
    "EXECUTE FUNCTION trg()",
    "policy": "CREATE POLICY p ON {t} USING (c IS NOT NULL)",
    "gen": "ALTER TABLE {t} ADD COLUMN d boolean GENERATED ALWAYS AS (c IS NULL) STORED",
    "inh": "CREATE TABLE {t}_k() INHERITS ({t})",
    "inhidx": "CREATE TABLE {t}_k() INHERITS ({t}); CREATE INDEX {t}_k_c ON {t}_k(c);"
    "INSERT INTO {t}_k SELECT * FROM {t}",
    "fkto": "ALTER TABLE {t} ADD CONSTRAINT {t}_u UNIQUE (c, id); "
    "CREATE TABLE {t}_k(c {type}, id int, FOREIGN KEY (c, id) REFERENCES {t}(c, id));"
    "INSERT INTO {t}_k SELECT c, id FROM {t}",
    "fkfrom": "CREATE TABLE {t}_p(c {type}, id int, UNIQUE (c, id));"
    "INSERT INTO {t}_p SELECT c, id FROM {t};"
    "ALTER TABLE {t} ADD CONSTRAINT {t}_fk FOREIGN KEY (c, id) REFERENCES {t}_p(c, id)",
    "fkfromnv": "CREATE TABLE {t}_p(c {type}, id int, UNIQUE (c, id));"
    "ALTER TABLE {t} ADD CONSTRAINT {t}_fk FOREIGN KEY (c, id) REFERENCES {t}_p(c, id) NOT VALID",
    "self": "ALTER TABLE {t} ADD CONSTRAINT {t}_u UNIQUE (c, id);"
    "ALTER TABLE {t} ADD CONSTRAINT {t}_fk FOREIGN KEY (c, id) REFERENCES {t}(c, id)",
    "excl": "ALTER TABLE {t} ADD CONSTRAINT {t}_x EXCLUDE (id WITH =, c WITH =)",
    "pub": "CREATE PUBLICATION {t}_pub FOR TABLE {t}",
    "rowtype": "CREATE TABLE {t}_k(r {t})",
    "fun": "CREATE FUNCTION {t}_f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC "
    "SELECT count(c) FROM {t}; END",
    "replident": "CREATE UNIQUE INDEX {t}_c ON {t}(id, c); ALTER TABLE {t} ALTER c SET NOT NULL;"
    "ALTER TABLE {t} REPLICA IDENTITY USING INDEX {t}_c",
    "cluster": "CREATE INDEX {t}_c ON {t}(c); ALTER TABLE {t} CLUSTER ON {t}_c",
    "gin": "CREATE INDEX {t}_c ON {t} USING gin (to_tsvector('simple', other)) WHERE c IS NULL",
    "comment": "COMMENT ON COLUMN {t}.c IS 'x'; CREATE INDEX {t}_c ON {t}(c);"
    "COMMENT ON INDEX {t}_c IS 'y'",
}
# from: (a literal of it, what it turns into)
CHANGES = {
    "varchar10": (
        "'10'",
        "varchar(20) varchar(5) text varchar char(10) citext int_using mood_using",
    ),
    "text": ("'10'", "text varchar varchar(20) citext int_using COLLATE jsonb_using uuid_using"),
    "int4": ("5", "bigint smallint numeric text int oid boolean_using dplain dpos"),
    "num10_2": ("5", "numeric(12,2) numeric(12,4) numeric int text double_precision"),
    "ts": ("'2024-01-01'", "timestamptz timestamp(3) timestamp(6) date text timestamptz_at"),
    "mood": ("'ok'", "text mood2_using varchar(20) mood int"),
    "date": ("'2024-01-01'", "timestamp timestamptz text date"),
    "bool": ("false", "int_using text boolean smallint"),
    "dplain": ("5", "int bigint dpos dplain"),
    "inet": ("'10.0.0.1'", "cidr text inet"),
}
OMIT = {
    "bool": ("brin",),
    "mood": ("brin",),
}


def setup(old: str) -> str:
    """One table for every context of a column of type *old*."""
    literal, _ = CHANGES[old]
    type_, value = TYPES[old]
    made = [OWN_TYPES]
    for context, text in CONTEXTS.items():
        if context in OMIT.get(old, ()):
            continue
        table = f"t_{context}"
        made.append(f"CREATE TABLE {table}(id int PRIMARY KEY, c {type_}, other text);")
        made.append(f"INSERT INTO {table} SELECT g, {value}, g FROM generate_series(5, 105) g;")
        made.append(text.format(t=table, v=literal, type=type_) + ";")
    made.append(_partitioned(type_, value))
    return "\n".join(made)


def _partitioned(type_: str, value: str) -> str:
    return f"""
CREATE TABLE t_parted(id int, c {type_}, other text) PARTITION BY RANGE (id);
CREATE TABLE t_parted_1 PARTITION OF t_parted FOR VALUES FROM (0) TO (50);
CREATE TABLE t_parted_2 PARTITION OF t_parted FOR VALUES FROM (50) TO (500);
INSERT INTO t_parted SELECT g, {value}, g FROM generate_series(5, 105) g;
CREATE TABLE t_partidx(id int, c {type_}, other text) PARTITION BY RANGE (id);
CREATE TABLE t_partidx_1 PARTITION OF t_partidx FOR VALUES FROM (0) TO (50);
CREATE TABLE t_partidx_2 PARTITION OF t_partidx FOR VALUES FROM (50) TO (500);
INSERT INTO t_partidx SELECT g, {value}, g FROM generate_series(5, 105) g;
CREATE INDEX t_partidx_c ON t_partidx(c);
CREATE TABLE t_key(id int, c {type_}) PARTITION BY LIST (c);
CREATE TABLE t_key_d PARTITION OF t_key DEFAULT;
"""


def cases() -> Iterator[Case]:
    """Each change in each context."""
    for old, (_, targets) in CHANGES.items():
        made = setup(old)
        left_out = OMIT.get(old, ())
        tables = [c for c in CONTEXTS if c not in left_out] + [
            "parted",
            "parted_1",
            "partidx",
            "key",
        ]
        for context in tables:
            for target in targets.split():
                change = f"ALTER TABLE t_{context} ALTER COLUMN c TYPE {_written(old, target)}"
                yield Case(made, (change,), ("SET timezone = 'UTC'",))


def _written(old: str, target: str) -> str:
    if target == "COLLATE":
        return 'text COLLATE "POSIX"'
    if target == "timestamptz_at":
        return "timestamptz USING c AT TIME ZONE 'UTC'"
    if target.endswith("_using"):
        name = target.removesuffix("_using")
        through = "::text" if old in ("mood",) else "::int" if old == "bool" else ""
        return f"{name} USING c{through}::{name}"
    return target.replace("_", " ")
