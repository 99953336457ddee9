"""PostgreSQL reads expressions back, so that two spellings of one expression are one text.

Each table gets a temporary clone without storage (a partitioned parent), inside a block that is
always rolled back: no lock on a live relation, no right needed but TEMP. Every expression goes
through it until its text no longer changes, because the server's own text is not a fixed point:
`p IN ('a', 'b')` on varchar is written in two ways before and after a dump and restore.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from migsafe.names import quote_ident, quote_literal

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_BATCH = 50
_RESULT = "migsafe.canonical"
_PLAIN = {"no_parameters": True}  # else the drivers look for placeholders behind every %


@dataclass(frozen=True)
class Expression:
    """Something to be read back.

    Attributes:
        kind: "check" (text is `CHECK (…)`), "exclude" (`EXCLUDE …`), "index" (what follows the
            table's name in CREATE INDEX), "default" (an expression; *column* has it) or
            "generated" (an expression; *type* is its column's).
        text: the SQL.
        column: of a default.
        type: of a generated column.
    """

    kind: str
    text: str
    column: str = ""
    type: str = ""


@dataclass(frozen=True)
class Clone:
    """A table as far as expressions need it.

    Attributes:
        name: the table's own name, since expressions may use it.
        columns: (name, type) pairs.
        enums: types to create first, by unqualified name with their labels; they hide live ones.
        expressions: what to read back, by any key.
        domains: the same for domains, by unqualified name with the type they are of.
        rounds: how often the server reads its own text again at most, to see whether it is stable.
    """

    name: str
    columns: tuple[tuple[str, str], ...]
    enums: Mapping[str, Sequence[str]] = field(default_factory=dict)
    expressions: Mapping[str, Expression] = field(default_factory=dict)
    rounds: int = 5
    domains: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """The server's text, or None and the error why there is none.

    *name* is what the server calls such a constraint when nobody does.
    """

    text: str | None
    error: str | None = None
    name: str | None = None


def read_back(connection: Connection, clones: Sequence[Clone]) -> list[dict[str, Reading]]:
    """Return for each clone the readings of its expressions, by their keys.

    Nothing is left behind in the database. What the server refuses has a Reading without text.
    """
    readings: list[dict[str, Reading]] = []
    for start in range(0, len(clones), _BATCH):
        readings += _batch(connection, clones[start : start + _BATCH])
    return readings


def _batch(connection: Connection, clones: Sequence[Clone]) -> list[dict[str, Reading]]:
    from sqlalchemy.exc import DBAPIError

    work = json.dumps([_payload(clone) for clone in clones])
    block = _BLOCK.replace("%WORK%", quote_literal(work)).replace("%RESULT%", _RESULT)
    try:
        with _undone(connection):
            connection.exec_driver_sql(f"DO {quote_literal(block)}", execution_options=_PLAIN)
            found = connection.exec_driver_sql(f"SELECT current_setting('{_RESULT}')").scalar()
    except DBAPIError as error:
        reason = str(error.orig).splitlines()[0]
        return [{key: Reading(None, reason) for key in clone.expressions} for clone in clones]
    answers = json.loads(found or "{}")
    return [dict(_readings(clone, answers.get(str(n), {}))) for n, clone in enumerate(clones)]


class _undone:
    """A savepoint that is rolled back in any case; nothing in autocommit mode, which has none."""

    def __init__(self, connection: Connection):
        autocommit = connection.get_isolation_level() == "AUTOCOMMIT"
        self.savepoint = None if autocommit else connection.begin_nested()

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        if self.savepoint is not None:
            self.savepoint.rollback()


def _readings(clone: Clone, answers: Mapping[str, object]) -> Iterator[tuple[str, Reading]]:
    failed = answers.get("")
    for key in clone.expressions:
        answer = answers.get(key)
        if isinstance(answer, list):
            yield key, Reading(*answer)
        else:
            yield key, Reading(None, str(failed or "not read back"))


def _payload(clone: Clone) -> dict[str, object]:
    table = f"pg_temp.{quote_ident(clone.name)}"
    columns = ", ".join(f"{quote_ident(name)} {type_}" for name, type_ in clone.columns)
    types = [
        f"CREATE TYPE pg_temp.{quote_ident(name)} AS ENUM "
        f"({', '.join(quote_literal(label) for label in labels)})"
        for name, labels in clone.enums.items()
    ]
    types += [
        f"CREATE DOMAIN pg_temp.{quote_ident(name)} AS {base}"
        for name, base in clone.domains.items()
    ]
    comma = ", " if columns else ""
    needed = {expression.kind != "exclude" for expression in clone.expressions.values()}
    return {
        "table": table,
        "setup": types,
        "rounds": clone.rounds,
        "kinds": [partitioned for partitioned in (True, False) if partitioned in needed],
        "partitioned": f'CREATE TABLE {table} ({columns}{comma}"_k" int) PARTITION BY LIST ("_k")',
        "plain": f"CREATE TABLE {table} ({columns})",
        "items": [
            {
                "key": key,
                "kind": expression.kind,
                "text": expression.text,
                "column": quote_ident(expression.column),
                "type": expression.type,
            }
            for key, expression in clone.expressions.items()
        ],
    }


def unqualified(text: str, names: Mapping[str, str]) -> str:
    """Return *text* with the casts to the types *names* (name to schema) written without schema.

    A type that stands in for a live one is visible by its bare name, the live one then is not.
    """
    for name, schema in names.items():
        bare = quote_ident(name)
        for qualifier in (quote_ident(schema), "pg_temp"):
            text = re.sub(rf"::{re.escape(f'{qualifier}.{bare}')}(?![\w$])", f"::{bare}", text)
    return text


# Two nested blocks: the inner one undoes an expression, the outer one the clone. Variables keep
# their values when a block is undone. UNIQUE is compared by the caller, because a partitioned
# table would ask for its key; EXCLUDE needs a plain table before PostgreSQL 17.
_BLOCK = """
DECLARE
  clone jsonb; item jsonb; step text; answers jsonb := '{}'; mine jsonb; n int := 0;
  old text; new text; said text; made text; partitioned boolean; target oid; rounds int;
  called text;
BEGIN
  FOR clone IN SELECT * FROM jsonb_array_elements(%WORK%::jsonb) LOOP
    mine := '{}';
    FOR partitioned IN SELECT kind::boolean FROM jsonb_array_elements_text(clone->'kinds') kind LOOP
      BEGIN
        FOR step IN SELECT * FROM jsonb_array_elements_text(clone->'setup') LOOP
          EXECUTE step;
        END LOOP;
        EXECUTE clone->>(CASE WHEN partitioned THEN 'partitioned' ELSE 'plain' END);
        target := (clone->>'table')::regclass;
        FOR item IN SELECT * FROM jsonb_array_elements(clone->'items') LOOP
          CONTINUE WHEN (item->>'kind' = 'exclude') = partitioned;
          said := NULL; new := NULL; called := NULL;
          BEGIN
            new := item->>'text'; old := NULL; rounds := 0;
            WHILE new IS DISTINCT FROM old AND rounds < (clone->>'rounds')::int LOOP
              old := new; rounds := rounds + 1;
              BEGIN
                CASE item->>'kind'
                WHEN 'index' THEN
                  made := format('CREATE INDEX "_m" ON %s ', clone->>'table');
                  EXECUTE made || old;
                  SELECT regexp_replace(pg_get_indexdef(indexrelid), '^.*? USING ', 'USING ')
                    INTO new FROM pg_index WHERE indrelid = target;
                WHEN 'default' THEN
                  EXECUTE format('ALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s',
                    clone->>'table', item->>'column', old);
                  SELECT pg_get_expr(adbin, adrelid) INTO new
                    FROM pg_attrdef WHERE adrelid = target;
                WHEN 'generated' THEN
                  EXECUTE format('ALTER TABLE %s ADD COLUMN "_m" %s GENERATED ALWAYS AS (%s) '
                    'STORED', clone->>'table', item->>'type', old);
                  SELECT pg_get_expr(adbin, adrelid) INTO new
                    FROM pg_attrdef WHERE adrelid = target;
                ELSE
                  EXECUTE format('ALTER TABLE %s ADD %s', clone->>'table', old);
                  SELECT pg_get_constraintdef(oid), conname INTO new, called
                    FROM pg_constraint WHERE conrelid = target AND contype IN ('c', 'x');
                END CASE;
                RAISE EXCEPTION USING ERRCODE = 'MSAFE';
              EXCEPTION WHEN SQLSTATE 'MSAFE' THEN NULL;
              END;
            END LOOP;
          EXCEPTION WHEN OTHERS THEN
            said := SQLERRM; new := NULL;
          END;
          mine := mine ||
            jsonb_build_object(item->>'key', jsonb_build_array(new, said, called));
        END LOOP;
        RAISE EXCEPTION USING ERRCODE = 'MSAFE';
      EXCEPTION WHEN SQLSTATE 'MSAFE' THEN NULL;
      WHEN OTHERS THEN
        mine := mine || jsonb_build_object('', SQLERRM);
      END;
    END LOOP;
    answers := answers || jsonb_build_object(n::text, mine);
    n := n + 1;
  END LOOP;
  PERFORM set_config('%RESULT%', answers::text, false);
END
"""
