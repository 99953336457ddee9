"""Types turned into each other, on bare and indexed columns and where something depends on them."""

from __future__ import annotations

from collections.abc import Iterator

from .case import Case

# By name: the type as it is written, and a value of it made of the number g.
TYPES = {
    "int2": ("smallint", "g::smallint"),
    "int4": ("int", "g"),
    "int8": ("bigint", "g::bigint"),
    "num": ("numeric", "g"),
    "num10_2": ("numeric(10,2)", "g"),
    "num12_2": ("numeric(12,2)", "g"),
    "num12_4": ("numeric(12,4)", "g"),
    "real": ("real", "g"),
    "double": ("double precision", "g"),
    "money": ("money", "g::numeric::money"),
    "text": ("text", "g::text"),
    "varchar": ("varchar", "g::text"),
    "varchar10": ("varchar(10)", "g::text"),
    "varchar20": ("varchar(20)", "g::text"),
    "char10": ("char(10)", "g::text"),
    "char20": ("char(20)", "g::text"),
    "char": ('"char"', "'a'"),
    "name": ("name", "g::text"),
    "citext": ("citext", "g::text"),
    "textc": ('text COLLATE "POSIX"', "g::text"),
    "bytea": ("bytea", "g::text::bytea"),
    "bool": ("boolean", "g % 2 = 0"),
    "uuid": ("uuid", "md5(g::text)::uuid"),
    "date": ("date", "date '2024-01-01' + g"),
    "time": ("time", "time '10:00'"),
    "time3": ("time(3)", "time '10:00'"),
    "timetz": ("timetz", "timetz '10:00+00'"),
    "ts": ("timestamp", "timestamp '2024-01-01' + g * interval '1 min'"),
    "ts3": ("timestamp(3)", "timestamp '2024-01-01' + g * interval '1 min'"),
    "ts6": ("timestamp(6)", "timestamp '2024-01-01' + g * interval '1 min'"),
    "tstz": ("timestamptz", "timestamptz '2024-01-01 00:00+00' + g * interval '1 min'"),
    "tstz3": ("timestamptz(3)", "timestamptz '2024-01-01 00:00+00' + g * interval '1 min'"),
    "interval": ("interval", "g * interval '1 min'"),
    "interval3": ("interval(3)", "g * interval '1 min'"),
    "interval_ds": ("interval day to second", "g * interval '1 min'"),
    "interval_ym": ("interval year to month", "g * interval '1 mon'"),
    "json": ("json", "to_json(g)"),
    "jsonb": ("jsonb", "to_jsonb(g)"),
    "inet": ("inet", "'10.0.0.1'::inet"),
    "cidr": ("cidr", "'10.0.0.0/8'::cidr"),
    "macaddr": ("macaddr", "'08:00:2b:01:02:03'::macaddr"),
    "bit8": ("bit(8)", "g::bit(8)"),
    "varbit": ("bit varying", "g::bit(8)"),
    "varbit10": ("bit varying(10)", "g::bit(8)"),
    "varbit20": ("bit varying(20)", "g::bit(8)"),
    "oid": ("oid", "g::oid"),
    "regclass": ("regclass", "'pg_class'::regclass"),
    "tsvector": ("tsvector", "to_tsvector('simple', g::text)"),
    "tsquery": ("tsquery", "to_tsquery('simple', 'a')"),
    "point": ("point", "point(g, g)"),
    "box": ("box", "box(point(g, g), point(1, 1))"),
    "int4range": ("int4range", "int4range(g, g + 1)"),
    "int4s": ("int[]", "ARRAY[g]"),
    "int8s": ("bigint[]", "ARRAY[g]"),
    "texts": ("text[]", "ARRAY[g::text]"),
    "varchars": ("varchar[]", "ARRAY[g::text]"),
    "varchar10s": ("varchar(10)[]", "ARRAY[g::text]"),
    "varchar20s": ("varchar(20)[]", "ARRAY[g::text]"),
    "mood": ("mood", "'ok'::mood"),
    "mood2": ("mood2", "'ok'::mood2"),
    "moods": ("mood[]", "ARRAY['ok']::mood[]"),
    "dplain": ("dplain", "g"),
    "dpos": ("dpos", "g"),
    "dtext": ("dtext", "g::text"),
    "dtextck": ("dtextck", "g::text"),
    "dvar10": ("dvar10", "g::text"),
    "dnn": ("dnn", "g"),
    "dnest": ("dnest", "g"),
    "ct": ("ct", "row(g, 'x')::ct"),
    "ct2": ("ct2", "row(g, 'x')::ct2"),
}
UTC = ("SET timezone = 'UTC'",)
NO_BTREE = ("json", "point", "box")

OWN_TYPES = """
CREATE TYPE mood2 AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN dvar10 AS varchar(10);
CREATE DOMAIN dnn AS int NOT NULL;
CREATE DOMAIN dnest AS dpos;
CREATE TYPE ct AS (a int, b text);
CREATE TYPE ct2 AS (a int, b text);
"""


def _table(name: str, type_: str, value: str, rows: int = 200) -> str:
    return (
        f"CREATE TABLE {name}(id int PRIMARY KEY, c {type_}, other text);\n"
        f"INSERT INTO {name} SELECT g, {value}, g::text FROM generate_series(1, {rows}) g;\n"
    )


def pairs_setup() -> str:
    """A bare and an indexed column of every type."""
    made = [OWN_TYPES]
    for key, (type_, value) in TYPES.items():
        made.append(_table(f"b_{key}", type_, value))
        if key not in NO_BTREE:
            made.append(_table(f"i_{key}", type_, value))
            made.append(f"CREATE INDEX i_{key}_c ON i_{key}(c);\n")
    return "".join(made)


def pairs() -> Iterator[Case]:
    """Every type into every other."""
    setup = pairs_setup()
    for old in TYPES:
        for new, (written, _) in TYPES.items():
            for table in ("b", "i"):
                if table == "b" or old not in NO_BTREE:
                    change = f"ALTER TABLE {table}_{old} ALTER COLUMN c TYPE {written}"
                    yield Case(setup, (change,), UTC)
                    if new != old and "COLLATE" not in written:
                        yield Case(setup, (f"{change} USING c::{written}",), UTC)
