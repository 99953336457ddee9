"""Reading SQL text: places, comments, placeholders, bodies, and the parser's known traps."""

from __future__ import annotations

import subprocess
import sys
import threading

import postgast
import psycopg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from migsafe.names import Name
from migsafe.sql import _pg, ast, binds, format_sql, parse, since
from migsafe.sql.ast import Parsed, Unrecognised

SCRIPT = """\
-- first
ALTER TABLE t ADD COLUMN x int; -- same line
/* é
 */ UPDATE t SET a = ';' /* inside */ WHERE b
   = 1;
;
CREATE FUNCTION f() RETURNS int BEGIN ATOMIC; SELECT CASE WHEN true THEN 1 END; END; SELECT 'ü', 2;
CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)
-- last
"""


def why(text: str) -> str:
    (parsed,) = parse(text)
    assert isinstance(parsed.statement, Unrecognised)
    return parsed.statement.why


def nested(text: str) -> list[tuple[int, str]]:
    (parsed,) = parse(text)
    assert isinstance(parsed.statement, (ast.Do, ast.CreateFunction))
    return [(inner.line, inner.sql) for inner in parsed.statement.nested]


def unknown(text: str) -> str | None:
    (parsed,) = parse(text)
    assert isinstance(parsed.statement, (ast.Do, ast.CreateFunction))
    return parsed.statement.unknown


def test_statements_know_their_place() -> None:
    """Each statement's text stands in the script at its start, and its line is counted from 1."""
    found = parse(SCRIPT)
    assert [type(p.statement).__name__ for p in found] == [
        "AlterTable",
        "Update",
        "CreateFunction",
        "Select",
        "CreateRule",
    ]
    assert [p.line for p in found] == [2, 4, 7, 7, 8]
    for parsed in found:
        assert SCRIPT[parsed.start : parsed.start + len(parsed.sql)] == parsed.sql
        assert not parsed.sql.endswith(";")


def test_comments_belong_to_the_statement_they_stand_at() -> None:
    """A comment belongs to the statement around or below it, or to the one ending on its line."""
    comments = [[(c.text, c.line) for c in p.comments] for p in parse(SCRIPT)]
    assert comments == [
        [("-- first", 1), ("-- same line", 2)],
        [("/* é\n */", 3), ("/* inside */", 4)],
        [],
        [],
        [("-- last", 9)],
    ]


@pytest.mark.parametrize("text", ["", "  \n", ";", " ;;\n; ", "-- nothing", "/* /* nested */ */ ;"])
def test_a_text_without_statement_gives_none(text: str) -> None:
    """Blanks, semicolons and comments are no statements."""
    assert parse(text) == ()


def test_one_bad_statement_does_not_spoil_the_others() -> None:
    """A statement that cannot be read is reported at its place, between its neighbours."""
    one, two, three = parse("SELECT 1;\nGARBAGE here;\nDROP TABLE t")
    assert isinstance(one.statement, ast.Select)
    assert two.statement == Unrecognised('syntax error at or near "GARBAGE"')
    assert (two.line, two.sql) == (2, "GARBAGE here")
    assert isinstance(three.statement, ast.Drop)


def test_an_unclosed_string_is_one_unreadable_text() -> None:
    """Where even the words cannot be told apart, the whole text is one statement not understood."""
    (parsed,) = parse("\n DROP TABLE 'a; SELECT 1")
    assert isinstance(parsed.statement, Unrecognised)
    assert (parsed.start, parsed.line) == (2, 2)


PLACEHOLDERS = [
    "UPDATE t SET a = :value WHERE b = :other",
    "UPDATE t SET a = %s WHERE b = %(name)s",
    "DELETE FROM t WHERE a IN :ids AND b = 1",
    "DELETE FROM t WHERE a IN %s AND b = 1",
    "DELETE FROM t WHERE a IN %(ids)s AND b = 1",
    "INSERT INTO t VALUES (:a, :b::int, ':not', \":not\") -- :not",
    "UPDATE t SET a = 5 %% 2 WHERE b = %s",
    r"UPDATE t SET a = b\:\:int WHERE c = :c",
    r"UPDATE t SET a = E'it\'s :not' WHERE c = :c",
    "INSERT INTO t (a, b) VALUES (%(a)s::VARCHAR, %(b)s::JSONB) RETURNING t.id",
    "UPDATE t SET a = $$ :not $$ WHERE c = :c",
]


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_placeholders_are_read_as_parameters(text: str) -> None:
    """Placeholders of SQLAlchemy and drivers do not hide a statement, and offsets stay."""
    (parsed,) = parse(text)
    assert isinstance(parsed.statement, (ast.Update, ast.Delete, ast.Insert))
    assert parsed.statement.table == Name(None, "t")
    assert len(binds.fill(text)) == len(text)
    assert text.startswith(parsed.sql)


def test_placeholders_where_a_name_must_stand_stay_unread() -> None:
    """A statement whose table is only known at run time is not guessed."""
    assert "syntax error" in why("DROP TABLE :name")
    assert "syntax error" in why("ALTER TABLE %s ADD COLUMN a int")


def test_slices_are_no_placeholders() -> None:
    """A colon that PostgreSQL understands stays what it is."""
    (parsed,) = parse("UPDATE t SET a = b[1:n] WHERE c")
    assert isinstance(parsed.statement, ast.Update)


BLOCK = """DO $$
DECLARE
  r record; n int := nextval('s');
BEGIN
  ALTER TABLE t ADD COLUMN x int;
  IF EXISTS (SELECT 1 FROM q) THEN
    EXECUTE 'CREATE INDEX i ON t (a)';
  ELSE
    EXECUTE format('DROP TABLE %I', 'Old');
  END IF;
  FOR r IN SELECT * FROM z LOOP
    UPDATE t SET a = 1 WHERE id = r.id;
  END LOOP;
  PERFORM pg_sleep(1);
  n := (SELECT max(id) FROM w);
  n := n + 1;
EXCEPTION WHEN others THEN
  DELETE FROM e;
END $$"""


def test_blocks_are_looked_into() -> None:
    """The statements of a DO block are known, with their lines, in the order of the text."""
    assert nested(BLOCK) == [
        (5, "ALTER TABLE t ADD COLUMN x int"),
        (6, "SELECT EXISTS (SELECT 1 FROM q)"),
        (7, "CREATE INDEX i ON t (a)"),
        (9, 'DROP TABLE "Old"'),
        (11, "SELECT * FROM z"),
        (12, "UPDATE t SET a = 1 WHERE id = r.id"),
        (14, "SELECT pg_sleep(1)"),
        (15, "SELECT (SELECT max(id) FROM w)"),
        (18, "DELETE FROM e"),
    ]
    assert unknown(BLOCK) is None


def test_statements_of_a_block_stand_where_they_say() -> None:
    """A nested statement's start is its place in the whole text, after other statements too."""
    text = "SELECT 'é';\n" + BLOCK
    block = parse(text)[1]
    assert isinstance(block.statement, ast.Do)
    first = block.statement.nested[0]
    assert text[first.start :].startswith("ALTER TABLE t ADD COLUMN x int;")
    assert first.line == 6


@pytest.mark.parametrize(
    "body",
    [
        "EXECUTE 'DROP TABLE ' || name",
        "EXECUTE format('DROP TABLE %I', name)",
        "FOR r IN EXECUTE name LOOP NULL; END LOOP",
    ],
)
def test_text_built_at_run_time_is_unknown(body: str) -> None:
    """An EXECUTE of what is no constant says that there may be more."""
    text = f"DO $$DECLARE name text; r record; BEGIN DELETE FROM t; {body}; END$$"
    assert unknown(text) == "EXECUTE runs a text that is only built at run time"
    assert nested(text)[0] == (1, "DELETE FROM t")


def test_blocks_in_other_languages_and_broken_ones_are_unknown() -> None:
    """What cannot be looked into says why."""
    assert unknown("DO LANGUAGE plpython3u 'pass'") == "a body in plpython3u is not read"
    assert "could not be read" in (unknown("DO $$BEGIN IF; END$$") or "")
    assert "syntax error" in (unknown("DO $$BEGIN EXECUTE 'GARBAGE'; END$$") or "")
    inner = "DO $$BEGIN EXECUTE 'DO $x$BEGIN EXECUTE current_user; END$x$'; END$$"
    assert "built at run time" in (unknown(inner) or "")


def test_blocks_in_blocks_in_blocks_end_somewhere() -> None:
    """However deep blocks are nested, the answer is no exception."""
    text = "DROP TABLE t"
    for level in range(400):
        text = f"DO $x{level}$BEGIN {text}; END$x{level}$"
    assert "too deep" in (unknown(text) or "")


def test_bodies_with_doubled_quotes_are_looked_into() -> None:
    """A body that does not stand in the text letter by letter is read all the same."""
    assert nested("DO 'BEGIN EXECUTE ''DROP TABLE t''; END'") == [(1, "DROP TABLE t")]


def test_function_bodies_are_looked_into() -> None:
    """Bodies in sql, in plpgsql and in standard SQL are known; trigger functions too."""
    create = "CREATE FUNCTION f() RETURNS"
    sql = f"{create} int LANGUAGE sql AS $$\nUPDATE t SET a = 1;\nSELECT 1$$"
    assert nested(sql) == [(2, "UPDATE t SET a = 1"), (3, "SELECT 1")]
    atomic = f"{create} int BEGIN ATOMIC\n UPDATE t SET a = 1;\n RETURN (SELECT 2 FROM u); END"
    assert nested(atomic) == [(2, "UPDATE t SET a = 1"), (3, "SELECT (SELECT 2 FROM u)")]
    assert nested(f"{create} int RETURN (SELECT 2 FROM u)") == [(1, "SELECT (SELECT 2 FROM u)")]
    # libpg_query issue 337: the tree of a trigger function is broken JSON.
    trigger = f"{create} trigger LANGUAGE plpgsql AS $$begin\n insert into l values (new.a); end$$"
    assert nested(trigger) == [(2, "insert into l values (new.a)")]
    assert unknown(f"{create} int LANGUAGE c AS 'lib', 'f'") == "a body in c is not read"


def test_attributes_of_functions() -> None:
    """A function keeps what planning and locking depend on."""
    (parsed,) = parse(
        "CREATE OR REPLACE FUNCTION app.f(a int DEFAULT 3, VARIADIC b text[], OUT c text)"
        " RETURNS SETOF app.t LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER LEAKPROOF"
        " PARALLEL SAFE SET search_path TO a, b AS 'begin return; end'"
    )
    function = parsed.statement
    assert isinstance(function, ast.CreateFunction)
    assert [str(argument) for argument in function.argument_types] == ["integer", "text[]"]
    assert [a.mode for a in function.arguments] == ["in", "variadic", "out"]
    assert function.arguments[0].default == ast.Expression("3")
    assert (str(function.returns), function.returns_set) == ("app.t", True)
    assert (function.volatility, function.parallel) == ("stable", "safe")
    assert function.strict
    assert function.security_definer
    assert function.leakproof
    assert function.or_replace
    assert not function.procedure
    assert function.settings == (ast.Option("search_path", "a, b"),)


def chain(length: int, operator: str = "||") -> str:
    return f"UPDATE t SET a = 1 WHERE {operator.join(['b'] * length)} = 'x'"


def test_a_nul_does_not_hide_what_follows() -> None:
    """libpg_query stops at a NUL; a text with one is refused as a whole."""
    assert "NUL" in why("SELECT 1\0; DROP TABLE t")


def test_half_surrogates_are_refused() -> None:
    """A text that is no Unicode cannot be sent to PostgreSQL either."""
    assert "surrogate" in why("SELECT '\udc80'")


def test_texts_over_the_limit_are_refused() -> None:
    """A text of more than 16 MiB is not parsed."""
    assert "larger than 16 MiB" in why("SELECT '" + "x" * _pg.MAX_BYTES + "'")


def test_large_flat_statements_are_read() -> None:
    """Rows and lists may be long: it is depth that counts."""
    rows = ", ".join(f"({i}, 'x' || {i})" for i in range(5_000))
    (insert,) = parse(f"INSERT INTO t VALUES {rows}")
    assert isinstance(insert.statement, ast.Insert)
    assert insert.statement.rows == 5_000
    for word in ("AND", "OR"):
        (update,) = parse(chain(3_000, f" = 1 {word} "))
        assert isinstance(update.statement, ast.Update)


@pytest.mark.parametrize("length", [40, 60, 150])
def test_deep_expressions_are_read(length: int) -> None:
    """Beyond the depth that protobuf allows, the statement is read another way."""
    (parsed,) = parse(chain(length))
    assert isinstance(parsed.statement, ast.Update)
    assert parsed.statement.where is not None
    assert parsed.statement.where.sql.count("||") == length - 1


DEEP = {
    "operators": chain(20_000, "+"),
    "operators, just too many": chain(500),
    "parentheses": "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
    "calls": "SELECT " + "f(" * 5_000 + "1" + ")" * 5_000,
    "calls with more arguments": "SELECT " + "f(1, " * 5_000 + "1" + ")" * 5_000,
    "cases": "SELECT " + "CASE WHEN a THEN 1 ELSE " * 5_000 + "1" + " END" * 5_000,
    "unions": " UNION ALL ".join(["SELECT 1"] * 5_000),
    "joins": "SELECT * FROM t " + "JOIN t USING (a) " * 5_000,
    "casts": "SELECT 1" + "::int" * 5_000,
    "negations": "SELECT " + "NOT " * 10_000 + "true",
    "signs": "SELECT " + "- " * 10_000 + "1",
    "tests": "SELECT a" + " IS NULL" * 10_000,
    "sub-selects": "SELECT " + "(SELECT " * 3_000 + "1" + ")" * 3_000,
    "arrays": "SELECT " + "ARRAY[" * 3_000 + "1" + "]" * 3_000,
    "operators in parentheses": "SELECT " + "(1 + " * 200 + "1" + " + 1)" * 200 + " + 1" * 5_000,
    "time zones": "SELECT a" + " AT TIME ZONE b" * 5_000,
    "collations": "SELECT a" + ' COLLATE "C"' * 5_000,
    "indirection": "SELECT " + "(" * 250 + "a" + ").b" * 250,
    "subscripts": "SELECT a" + "[1]" * 5_000,
    "with": "".join(f"WITH a{i} AS (" for i in range(2_000)) + "SELECT 1" + ") SELECT 1" * 2_000,
    "escapes": "SELECT a LIKE b ESCAPE c" + " LIKE b ESCAPE c" * 5_000,
    "between": "SELECT a" + " BETWEEN b AND c" * 5_000,
    "within": "SELECT a" + " IN (1)" * 5_000,
    "labels": "SELECT " + "(SELECT 1 AS end, " * 3_000 + "1" + ")" * 3_000,
    "keywords as columns": "SELECT a" + " + a.where" * 5_000,
    "distinct": "SELECT a" + " + 1 IS DISTINCT FROM 1" * 5_000,
    "operator names": "SELECT a" + " OPERATOR(pg_catalog.+) a" * 5_000,
}

_ALL_DEEP = """
import sys, threading
sys.path.insert(0, {tests!r})
from migsafe.sql import parse
from test_sql import DEEP
def read():
    for text in DEEP.values():
        assert len(parse(text)) == 1
threading.stack_size({stack})
thread = threading.Thread(target=read)
thread.start()
thread.join()
print("alive")
"""


def test_statements_that_would_overflow_the_stack_are_refused() -> None:
    """No depth ends the process, even on the small stacks that threads have on other systems."""
    from pathlib import Path

    program = _ALL_DEEP.format(tests=str(Path(__file__).parent), stack=512 << 10)
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout == "alive\n", run.stderr[-2000:]


@pytest.mark.parametrize("kind", ["operators", "calls", "cases", "unions", "joins", "sub-selects"])
def test_too_deep_statements_say_so(kind: str) -> None:
    """A refused statement is unknown because of its depth, not silently fine."""
    assert "deep" in why(DEEP[kind])


def test_the_depth_is_an_upper_bound() -> None:
    """What is read through its protobuf form, limited to a depth of 100, is never called flat."""
    assert _pg.depth(_pg.scan("SELECT a + b, c * (d - e) FROM t WHERE f = 1 AND g = 2")) == 3
    assert _pg.depth(_pg.scan("SELECT (a + b) + c + d")) == 4
    assert _pg.depth(_pg.scan("SELECT count(DISTINCT (a)) FROM t GROUP BY b.case, (c)")) == 2
    assert _pg.depth(_pg.scan("SELECT f(a + 1, b + 2, CASE WHEN c THEN d + 1 END)")) == 3


def test_reading_is_loaded_only_when_something_is_read() -> None:
    """Importing the statements loads neither the parser nor the formatter."""
    program = (
        "import sys, migsafe.sql;"
        "heavy = {'ctypes', 'postgast', 'google.protobuf', 'sqlparse', 'sqlalchemy'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout == "[]\n", run.stderr


def test_threads_read_the_same() -> None:
    """Several threads may read at once."""
    results: list[tuple[Parsed, ...]] = []
    texts = [f"ALTER TABLE t{i % 7} ADD COLUMN c{i} int" for i in range(200)]

    def read() -> None:
        results.append(tuple(parse.__wrapped__(text)[0] for text in texts))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert len(set(results)) == 1


def test_a_missing_parser_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its parser migsafe does not guess: nothing is recognised, and the reason given."""

    _pg._library.cache_clear()
    parse.cache_clear()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    try:
        assert "postgast could not be loaded" in why("VACUUM t")
    finally:
        _pg._library.cache_clear()
        parse.cache_clear()


def test_the_library_is_the_one_that_postgast_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where postgast was built for a library of the system, and brings none, it is asked for it."""
    text = "CREATE TABLE t (a int DEFAULT 1)"
    (direct,) = _pg.statements(text)
    written = _pg.deparse_statement(direct.stmt)
    assert direct.SerializeToString() == postgast.parse(text).stmts[0].SerializeToString()
    _pg._library.cache_clear()
    monkeypatch.setattr("migsafe.sql._library._FILES", {sys.platform: "not there"})
    try:
        (asked,) = _pg.statements(text)
        assert asked.SerializeToString() == direct.SerializeToString()
        assert _pg.deparse_statement(asked.stmt) == written
    finally:
        _pg._library.cache_clear()


def test_enum_numbers_are_never_compared() -> None:
    """A statement of an unknown kind is named, not mistaken for another."""
    from migsafe.sql.lower import lower

    node = _pg.wrap(
        "vacuum_relation", _pg.statements("VACUUM t")[0].stmt.vacuum_stmt.rels[0].vacuum_relation
    )
    assert lower(node) == Unrecognised(
        "statements of the kind vacuum_relation are not known here", "vacuum_relation"
    )


NEWER = {
    "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE": 15,
    "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE RETURNING 1": 17,
    "CREATE UNIQUE INDEX i ON t (a) NULLS NOT DISTINCT": 15,
    "ALTER TABLE t ADD UNIQUE NULLS NOT DISTINCT (a)": 15,
    "ALTER TABLE t SET ACCESS METHOD heap": 15,
    "ALTER TABLE t SET ACCESS METHOD DEFAULT": 17,
    "CREATE PUBLICATION p FOR TABLE t (a)": 15,
    "CREATE PUBLICATION p FOR TABLE t WHERE (a > 1)": 15,
    "CREATE PUBLICATION p FOR TABLES IN SCHEMA s": 15,
    "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u ON DELETE SET NULL (a)": 15,
    "ALTER TABLE t ALTER a SET EXPRESSION AS (b)": 17,
    "CREATE STATISTICS ON a, b FROM t": 16,
    "CREATE TABLE n (a text STORAGE PLAIN)": 16,
    "ALTER TABLE t ADD CHECK (a > 1) NOT ENFORCED": 18,
    "CREATE TABLE n (a int REFERENCES t NOT ENFORCED)": 18,
    "ALTER TABLE t ALTER CONSTRAINT c NOT ENFORCED": 18,
    "ALTER TABLE t ALTER CONSTRAINT c NO INHERIT": 18,
    "ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a) VIRTUAL": 18,
    "ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a)": 18,
    "ALTER TABLE t ADD CONSTRAINT c NOT NULL a NOT VALID": 18,
    "CREATE TABLE n (a int, NOT NULL a)": 18,
    "CREATE SCHEMA s CREATE TABLE n (a int, NOT NULL a)": 18,
    "ALTER TABLE t ADD UNIQUE (a, b WITHOUT OVERLAPS)": 18,
    "ALTER TABLE t ADD FOREIGN KEY (a, PERIOD b) REFERENCES u (a, PERIOD b)": 18,
    "ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a) STORED": 14,
    "ALTER TABLE t DETACH PARTITION p CONCURRENTLY": 14,
    "ALTER TABLE t ALTER CONSTRAINT c DEFERRABLE": 14,
    "ALTER TABLE t ALTER c SET COMPRESSION pglz": 14,
    "CREATE TABLE n (a int NOT NULL CHECK (a > 1))": 14,
}


@pytest.mark.parametrize("sql", NEWER)
def test_the_first_version_that_accepts_a_statement(sql: str) -> None:
    """since() knows the newest syntax in a statement."""
    (parsed,) = parse(sql)
    major, syntax = since(parsed.statement)
    assert major == NEWER[sql]
    assert bool(syntax) is (major > 14)


def test_the_first_versions_are_those_of_the_servers(any_db: str) -> None:
    """Each major refuses exactly the syntax that since() says is newer."""
    accepted = {}
    with psycopg.connect(any_db) as connection:
        running = connection.info.server_version // 10_000
        for sql in NEWER:
            # In a failed transaction a server reads the syntax first, and then refuses to run it.
            with pytest.raises(psycopg.errors.DivisionByZero):
                connection.execute("SELECT 1/0")
            with pytest.raises(psycopg.Error) as refused:
                connection.execute(sql)
            accepted[sql] = isinstance(refused.value, psycopg.errors.InFailedSqlTransaction)
            connection.rollback()
    assert accepted == {sql: running >= major for sql, major in NEWER.items()}


SEEDS = [SCRIPT, BLOCK, *PLACEHOLDERS, *NEWER]
PIECES = ["(", ")", ";", "'", '"', "$$", "--", "/*", "*/", "\n", ":a", "%s", "::", "\0", "é", "\\"]
WORDS = ["ALTER", "TABLE", "DO", "BEGIN", "END", "CASE", "SELECT", "EXECUTE", "ATOMIC", "RETURN"]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        gone = draw(st.integers(0, 12))
        piece = draw(st.sampled_from([*PIECES, *WORDS, ""]))
        text = text[:at] + piece + text[at + gone :]
    return text


@settings(max_examples=300, deadline=None)
@given(mutated() | st.text())
@example("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; END; END")
@example("DO $$ $$ LANGUAGE plpgsql")
@example("CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql")
@example("\ud800")
def test_no_text_raises(text: str) -> None:
    """Whatever the text, every answer is a tuple of statements that stand in it in their order."""
    position = 0
    for parsed in parse(text):
        assert text[parsed.start :].startswith(parsed.sql)
        assert parsed.start >= position
        assert parsed.line == text.count("\n", 0, parsed.start) + 1
        assert isinstance(hash(parsed), int)
        position = parsed.start + len(parsed.sql)


@pytest.mark.parametrize("sql", [*NEWER, *(p.sql for p in parse(SCRIPT)), BLOCK])
def test_layout_changes_no_statement(sql: str) -> None:
    """SQL that is laid out for people is still the same statement."""
    (before,), (after,) = parse(sql), parse(format_sql(sql))
    assert type(after.statement) is type(before.statement)
    if not isinstance(before.statement, (ast.Do, ast.CreateFunction)):
        assert after.statement == before.statement


def test_layout_breaks_lines_and_keeps_what_is_too_large() -> None:
    """Queries are broken into lines; what sqlparse refuses to lay out comes back as it is."""
    assert format_sql("SELECT a, b FROM t WHERE c = 1").count("\n") >= 3
    huge = "INSERT INTO t VALUES " + ", ".join(["(1)"] * 5_000)
    assert format_sql(huge + " ") == huge
