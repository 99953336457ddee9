"""What queries lock and read: tables, their indexes, the relations behind views, sequences."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from migsafe.catalog import Function, Sequence, Table, TableKind, View
from migsafe.effects.functions import check_calls
from migsafe.effects.ledger import (
    ACCESS_EXCLUSIVE,
    ACCESS_SHARE,
    EXCLUSIVE,
    ROW_EXCLUSIVE,
    SHARE,
    Ledger,
)
from migsafe.effects.routing import look_above, reached
from migsafe.locks import LockMode
from migsafe.names import Name, quote_ident
from migsafe.sql import ast, parse
from migsafe.sql.expressions import literals, operators
from migsafe.sql.scopes import without_mentions

_SEQUENCE_FUNCTIONS = frozenset({"nextval", "setval", "currval"})


def read_all(
    names: Iterable[Name],
    ledger: Ledger,
    *,
    mode: LockMode = ACCESS_SHARE,
    planned: bool = True,
    free: Collection[Name] = (),
    where: ast.Expression | None = None,
    limited: bool = False,
) -> None:
    """Read the relations *names*; only a query that is *planned* opens indexes and reads rows.

    They are locked in *mode*, but those in *free* as any query does.

    A single table that *where* reaches through a unique index, or a *limited* query, is not read
    in full.
    """
    wanted = list(names)
    strength = mode
    for name in wanted:
        mode = ACCESS_SHARE if name in free else strength
        relation = ledger.relation(name, queried=True)
        if isinstance(relation, Table):
            direct = limited or (len(wanted) == 1 and finds_by_key(ledger, relation, where))
            wanted_rows = where if len(wanted) == 1 else None
            members = reached(relation, wanted_rows, ledger)
            _read_table(relation, members if planned else (), ledger, mode, scanned=not direct)
        elif isinstance(relation, View):
            ledger.lock(relation.name, mode)
            if relation.materialized:
                if planned and not relation.populated:
                    why = f"materialized view {relation.name.display()} has no contents"
                    ledger.refuse("55000", why)
                if planned:
                    ledger.lock_indexes(relation.name, mode)
                    ledger.scan(relation)
            elif planned:
                read_all(sorted({used for used, _ in relation.uses}), ledger, mode=mode)
        elif isinstance(relation, Sequence):
            ledger.lock(relation.name, mode)


def _read_table(
    table: Table, members: Iterable[Table], ledger: Ledger, mode: LockMode, *, scanned: bool
) -> None:
    ledger.lock(table.name, mode)
    for member in members:
        if member.kind is TableKind.PARTITIONED:
            look_above(member, ledger)
        ledger.lock(member.name, mode)
        ledger.open_indexes(member, mode)
        if scanned:
            ledger.scan(member)


def finds_by_key(ledger: Ledger, table: Table, where: ast.Expression | None) -> bool:
    """Whether *where* compares all columns of a unique index with constants, joined by AND."""
    if where is None or re.search(r"\b(OR|NOT)\b", where.sql):
        return False
    if Name(None, "=") not in {Name(None, operator.name) for operator in operators(where)}:
        return False
    for index in ledger.catalog.indexes_of(table.name):
        if not index.unique or not index.valid or index.predicate is not None:
            continue
        if all(key.column and _is_fixed(where.sql, key.column) for key in index.keys):
            return True
    return False


def _is_fixed(where: str, column: str) -> bool:
    name = re.escape(quote_ident(column))
    return re.search(rf"(?<![\w\"]){name}\s*(=\s*|IN\s*\()[^=(\s]", where, re.I) is not None


def replace_contents(view: View, ledger: Ledger, *, filled: bool) -> None:
    """A materialised view gets new contents under a lock nobody passes (refresh_by_heap_swap)."""
    ledger.lock(view.name, ACCESS_EXCLUSIVE, EXCLUSIVE, SHARE)
    if ledger.major < 16 and filled:
        ledger.lock(view.name, ACCESS_SHARE)
    ledger.rewrite(view.name)
    for index in ledger.catalog.indexes_of(view.name):
        if filled:
            ledger.scan(view)
        ledger.lock_index(index, ACCESS_EXCLUSIVE)
        ledger.rebuild(index)


def call_all(calls: Iterable[ast.FunctionCall], ledger: Ledger) -> None:
    """Call functions: those of sequences lock them, the user's do what their bodies say."""
    calls = tuple(calls)
    check_calls(calls, ledger)
    for call in calls:
        if call.name.name in _SEQUENCE_FUNCTIONS and call.arguments:
            draw(call.arguments[0], ledger)
            if call.name.name == "currval":
                ledger.may_fail("55000", "currval() needs a nextval() before it in the session")
            continue
        known = ledger.catalog.functions_named(call.name)
        if known:
            run_body(known[0], ledger)
        elif call.name.schema not in (None, "pg_catalog", "information_schema"):
            ledger.not_known(f"what function {call.name} does is not known")


def draw(expression: ast.Expression, ledger: Ledger) -> None:
    """Lock the sequence that *expression* names in its first string."""
    name = next(iter(literals(expression)), "")
    try:
        sequence = ledger.catalog.sequence(Name.parse(name))
    except ValueError:
        return
    if sequence is not None:
        ledger.lock(sequence.name, ROW_EXCLUSIVE)


def run_body(function: Function, ledger: Ledger) -> None:
    """Do what the body of *function* says, where it can be read."""
    if function.volatility != "v" or function.body is None:
        return
    if function.language not in ("sql", "plpgsql"):
        ledger.not_known(f"what function {function.name} does is not known")
        return
    # A function that calls itself does nothing new by that.
    around = ledger.catalog
    key = (function.name, function.arguments)
    ledger.catalog = around.having("functions", key, replace(function, body=None))
    ledger.nested(_statements(function, function.body))
    ledger.catalog = around


def _statements(function: Function, body: str) -> tuple[ast.Statement, ...]:
    """What *body* does: a body in PL/pgSQL is read with what its function takes and returns."""
    if function.language == "sql":
        return tuple(without_mentions(parsed.statement) for parsed in parse(body))
    mark = "$body$"
    given = ", ".join(function.arguments)
    kind, returns = "PROCEDURE", ""
    if function.kind == "f":
        kind, returns = "FUNCTION", f" RETURNS {function.returns or 'void'}"
    text = f"CREATE {kind} f({given}){returns} LANGUAGE plpgsql AS {mark}{body}{mark}"
    return tuple(
        ast.Do("plpgsql", body, read.nested, read.sections, read.unknown)
        for read in (parsed.statement for parsed in parse(text))
        if isinstance(read, ast.CreateFunction)
    )
