"""Sample queries and stories in the pages of `migsafe models document`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from migsafe.config import Settings
from migsafe.models import Design, live_catalog
from migsafe.models.document import pages
from migsafe.models.document.queries import Query, queries
from migsafe.models.document.reasons import reason
from migsafe.models.revisions import stories
from migsafe.server import sqlalchemy_url

SETS = Path(__file__).parent / "model_sets"
SHOP = Path(__file__).parent.parent / "examples" / "shop"
CREATE = """
import sys
import sqlalchemy as sa
from migsafe.models import load_metadata
metadata = load_metadata(sys.argv[1])
with sa.create_engine(sys.argv[2]).begin() as connection:
    for schema in sorted({t.schema for t in metadata.tables.values() if t.schema}):
        connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
    metadata.create_all(connection)
"""


def made(db: str, folder: Path, target: str) -> Design:
    """The design of a database with the tables of *target*."""
    command = [sys.executable, "-c", CREATE, target, sqlalchemy_url(db)]
    subprocess.run(command, cwd=folder, check=True)
    return Design(live_catalog(db))


def run(connection: psycopg.Connection, query: Query) -> None:
    """Prepare *query* with the types of its parameters, and run it with NULL for each."""
    numbers = {name: number for number, (name, _) in enumerate(query.parameters, 1)}
    sql = re.sub(r"(?<!:):([A-Za-z_]\w*)", lambda found: f"${numbers[found[1]]}", query.sql)
    types = f"({', '.join(type_ for _, type_ in query.parameters)})" if query.parameters else ""
    nulls = f"({', '.join('NULL' for _ in query.parameters)})" if query.parameters else ""
    connection.execute(f"PREPARE query {types} AS {sql}".encode())
    if sql.startswith("INSERT"):  # without values it is only planned
        connection.execute(f"EXPLAIN EXECUTE query {nulls}".encode())
    else:
        connection.execute(f"EXECUTE query {nulls}".encode())
    connection.execute("DEALLOCATE query")


@pytest.mark.parametrize(
    ("folder", "target", "count"),
    [
        (SHOP, "shop.models", 85),
        (SETS, "staff", 25),
        (SETS, "tenants", 14),
        (SETS, "library", 30),
        (SETS, "links", 20),
        (SETS, "tutorial:SQLModel", 20),
    ],
    ids=["shop", "staff", "tenants", "library", "links", "tutorial"],
)
def test_every_query_runs(db: str, folder: Path, target: str, count: int) -> None:
    """PostgreSQL takes each sample query of each table, with parameters of the types it names."""
    design = made(db, folder, target)
    found = [query for table in design.tables() for query in queries(design, table)]
    assert len(found) >= count
    with psycopg.connect(db, autocommit=True) as connection:
        for query in found:
            run(connection, query)


def test_odd_tables_have_queries(db: str) -> None:
    """Names that need quotes, no key at all, nothing but defaults, a row that marks deletion."""
    with psycopg.connect(db) as connection:
        connection.execute(
            """
            CREATE TABLE "Order" ("Größe" text NOT NULL, "1st" int, PRIMARY KEY ("Größe", "1st"));
            CREATE TABLE keyless (words tsvector, tenant_id uuid NOT NULL);
            CREATE INDEX ON keyless USING gin (words);
            CREATE TABLE counted (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
            CREATE TABLE kept (
                id uuid PRIMARY KEY, created_at timestamptz NOT NULL, deleted_at timestamptz,
                updated_at timestamptz, tags text[] NOT NULL DEFAULT '{}'
            );
            CREATE INDEX ON kept USING gin (tags);
            CREATE TABLE spaced (
                "pri mary" int PRIMARY KEY, pri_mary text NOT NULL, "limit" int NOT NULL
            );
            """
        )
    design = Design(live_catalog(db))
    told = {table.name.name: queries(design, table) for table in design.tables()}
    with psycopg.connect(db, autocommit=True) as connection:
        for query in (query for found in told.values() for query in found):
            run(connection, query)
    assert 'WHERE "pri mary" > :pri_mary_2\n' in told["spaced"][1].sql
    assert "VALUES (:pri_mary_2, :pri_mary, :limit_2)" in told["spaced"][2].sql
    assert told["counted"][2].sql == "INSERT INTO counted DEFAULT VALUES\nRETURNING id"
    assert [q.title for q in told["keyless"]] == ["Of one tenant", "By words", "A new row"]
    kept = {query.title: query.sql for query in told["kept"]}
    assert "WHERE tags @> :tags AND deleted_at IS NULL" in kept["By tags"]
    assert "(created_at, id) < (:created_at, :id)" in kept["The next page"]
    assert kept["A change"].splitlines()[1] == "SET tags = :tags, updated_at = now()"
    assert "SET deleted_at = now()" in kept["Mark a row as deleted"]


def test_odd_names_stay_in_their_cells(db: str) -> None:
    """Bars, backticks and HTML in names and comments neither end a cell nor become markup."""
    with psycopg.connect(db) as connection:
        connection.execute(
            """
            CREATE TYPE "o|e" AS ENUM ('a|b', '`c`');
            CREATE TABLE "a|b*<x>" ("i|d" int PRIMARY KEY, e "o|e" DEFAULT 'a|b',
                t text DEFAULT '`|' CHECK (t <> '|'));
            COMMENT ON TABLE "a|b*<x>" IS '# no | heading <script>alert(1)</script>';
            COMMENT ON COLUMN "a|b*<x>"."i|d" IS '<b>one</b> | two';
            CREATE TABLE "A|B*<X>" ("r|s" int REFERENCES "a|b*<x>" ON DELETE CASCADE);
            CREATE INDEX "i|x" ON "A|B*<X>" ("r|s");
            """
        )
    found = pages(Design(live_catalog(db)), {})
    assert len({name.lower() for name in found}) == 3
    assert not any(re.search(r"<script|<b>|^# no", text, re.M) for text in found.values())
    for text in found.values():
        bars = 0
        for line in text.splitlines():
            now = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
            assert not (bars and now) or now == bars, line
            bars = now
    assert r"| `e` | `\"o\|e\"` |".replace('\\"', '"') in found["tables/a_b__x_-2.md"]
    assert '# `"a|b*<x>"`' in found["tables/a_b__x_-2.md"]


def test_types_have_reasons(db: str) -> None:
    """What a type keeps out is said in words; a domain says its CHECK."""
    with psycopg.connect(db) as connection:
        connection.execute("CREATE DOMAIN positive AS int CHECK (VALUE > 0)")
        connection.execute(
            "CREATE TABLE t (a positive, b varchar(5), c numeric(8,2)[], d timestamptz, e int)"
        )
    design = Design(live_catalog(db))
    [table] = design.tables()
    assert [reason(design, column) for column in table.columns] == [
        "a domain: VALUE > 0",
        "at most 5 letters",
        "a list: each exact to 2 decimal places",
        "a moment, the same everywhere",
        "",
    ]


def test_a_renamed_table_keeps_its_story(tmp_path: Path) -> None:
    """Neither a new name nor a new schema makes the migrations before it be forgotten."""
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = .\n")
    (tmp_path / "env.py").touch()
    (tmp_path / "versions").mkdir()
    steps = (
        "op.create_table('a', sa.Column('id', sa.Integer, primary_key=True))",
        "op.rename_table('a', 'b'); op.create_table('a', sa.Column('id', sa.Integer))",
        "op.execute('CREATE SCHEMA s'); op.execute('ALTER TABLE b SET SCHEMA s')",
        "op.add_column('b', sa.Column('x', sa.Integer), schema='s')",
    )
    for number, step in enumerate(steps):
        before = f"'r{number - 1}'" if number else None
        (tmp_path / "versions" / f"r{number}.py").write_text(
            f"import sqlalchemy as sa\nfrom alembic import op\nrevision = 'r{number}'\n"
            f"down_revision = {before}\n\n\ndef upgrade():\n    {step}\n"
        )
    told = {str(name): [rev for rev, _ in story] for name, story in
            stories(tmp_path, Settings()).items()}  # fmt: skip
    assert told == {"s.b": ["r0", "r1", "r2", "r3"], "public.a": ["r1"]}
