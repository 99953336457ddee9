"""Statements read by their form are what PostgreSQL's parser says they are, whatever the names."""

from __future__ import annotations

import pytest

from migsafe.sql import _pg
from migsafe.sql.forms import alike
from migsafe.sql.lower import lower
from migsafe.sql.parts import Statement

TABLE = "CREATE TABLE {0} (\n\t{1} BIGSERIAL NOT NULL, \n\t"
FORMS = (
    "ALTER TABLE {0} ADD COLUMN {1} VARCHAR(20) DEFAULT 'a' NOT NULL",
    "ALTER TABLE {0} ADD COLUMN {1} TEXT CHECK (length(x) > 1) REFERENCES other (id)",
    "ALTER TABLE {0} ADD COLUMN {1} TEXT, DROP COLUMN other",
    "ALTER TABLE {0} ALTER COLUMN {1} TYPE NUMERIC(12, 2) USING other::numeric",
    "ALTER TABLE {0} ALTER COLUMN {1} SET NOT NULL",
    "ALTER TABLE {0} ALTER COLUMN {1} SET DEFAULT now()",
    "ALTER TABLE {0} DROP COLUMN {1}",
    "ALTER TABLE {0} DROP COLUMN {1} CASCADE",
    "ALTER TABLE {0} DROP CONSTRAINT {1}",
    "ALTER TABLE {0} VALIDATE CONSTRAINT {1}",
    "ALTER TABLE {0} ADD CONSTRAINT {1} FOREIGN KEY({2}) REFERENCES {3} ({4}) ON DELETE SET NULL",
    "ALTER TABLE {0} ADD FOREIGN KEY({1}) REFERENCES {2} ({3}) NOT VALID",
    "ALTER TABLE {0} ADD CONSTRAINT {1} UNIQUE ({2}) DEFERRABLE INITIALLY DEFERRED",
    "ALTER TABLE {0} ADD PRIMARY KEY ({1})",
    "CREATE INDEX {0} ON {1} ({2})",
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {0} ON {1} ({2})",
    "DROP INDEX CONCURRENTLY IF EXISTS {0}",
    "DROP TABLE {0}",
    TABLE + "{2} INTEGER[], \n\tPRIMARY KEY ({1})\n)",
    TABLE + "{2} UUID DEFAULT gen_random_uuid() NOT NULL UNIQUE, \n\tUNIQUE ({2})\n)",
    TABLE + "CONSTRAINT {2} FOREIGN KEY({1}) REFERENCES {3} ({4}) ON DELETE CASCADE\n)",
)
PLAIN = ("orders", "_id", "value", "text", "name", "a1_b", "x" * 63)
ODD = (
    "if", "only", "user", "integer", "time", "column", "constraint", "concurrently", "exists",
    "table", "select", "authorization", "left", "none", "x" * 64, "Orders", '"Orders"', '"a b"',
    "a.b", "é", "a$b", "a b", "", "a)", "a, b", "migsafe_slot_0", "migsafe_slot_table",
)  # fmt: skip
OTHERS = (
    "ALTER TABLE t ADD COLUMN if not exists c INTEGER",
    "ALTER TABLE only t ADD COLUMN c INTEGER",
    "ALTER TABLE t DROP COLUMN if exists c",
    "ALTER TABLE t ADD COLUMN c INTEGER; DROP TABLE t",
    "CREATE TABLE t (\n\ta TEXT DEFAULT 'x, \n\tb TEXT' NOT NULL\n)",
    "CREATE TABLE t (\n\ta TEXT, b TEXT, \n\tc TEXT\n)",
    "CREATE TABLE t (\n\tCHECK (a > 1), \n\ta INTEGER\n)",
    "CREATE TABLE t (\n\ta INTEGER\n) PARTITION BY RANGE (a)",
    "CREATE TABLE t (\n\ta INTEGER) INHERITS (b\n)",
    "CREATE TABLE t (\n\t\n)",
    "CREATE TABLE t (\n\ta TEXT, \n\tLIKE other\n)",
    "CREATE INDEX i ON t (a) WHERE a > 1",
    "DROP TABLE a, b",
    "ALTER TABLE t ADD COLUMN c INTEGER GENERATED ALWAYS AS (a * 2) STORED",
    "ALTER TABLE t ADD CONSTRAINT c CHECK (t > 1)",
)


def parsed(sql: str) -> Statement | None:
    """What the parser says of *sql*, or None when it refuses it."""
    try:
        (node,) = _pg.statements(sql)
        return lower(node.stmt)
    except Exception:
        return None


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_read_as_the_parser_reads_it(form: str) -> None:
    for shift in range(len(PLAIN)):
        sql = form.format(*(PLAIN[shift:] + PLAIN[:shift]))
        found = alike(sql)
        assert found is not None
        assert found == parsed(sql)


@pytest.mark.parametrize("form", FORMS)
def test_odd_names_are_left_to_the_parser_or_read_as_it_reads_them(form: str) -> None:
    for odd in ODD:
        for place in range(form.count("{")):
            names = list(PLAIN[:5])
            names[place % 5] = odd
            sql = form.format(*names)
            assert alike(sql) in (None, parsed(sql)), sql


@pytest.mark.parametrize("sql", OTHERS)
def test_what_only_looks_like_a_form(sql: str) -> None:
    assert alike(sql) in (None, parsed(sql))


def test_a_type_by_that_name_is_looked_up_by_the_parser() -> None:
    """The name of a type says which it is, so it is no name to be put in."""
    sql = "ALTER TABLE t ADD COLUMN c INTEGER"
    assert alike(sql) == parsed(sql)
    assert alike("ALTER TABLE t ADD COLUMN c integer") is None
