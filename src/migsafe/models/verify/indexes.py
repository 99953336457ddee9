"""Is each index used for the query it is for? PostgreSQL's planner says, on filled tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migsafe.catalog import Index, Table
from migsafe.models.verify.proof import Proof, Verdict
from migsafe.models.verify.trial import Trial
from migsafe.names import quote_ident, quote_literal

_SHOWN = 90
# What a GIN or GiST index is asked, by the type of its key; %s is the value of some row.
_CONTAINERS = {
    "jsonb": "@> %s",
    "hstore": "@> %s",
    "tsvector": "@@ to_tsquery('simple', (SELECT min(lexeme) FROM unnest(%s)))",
    "inet": ">>= %s",
    "ltree": "@> %s",
    "point": "<@ box(%s, %s)",
    "box": "&& %s",
    "circle": "&& %s",
    "polygon": "&& %s",
}


def index_proofs(trial: Trial, table: Table) -> Iterator[Proof]:
    """For each index of *table* whether the planner takes it.

    The tables have been analysed. An index that the planner does not take by itself is asked for
    again with sequential scans off: then it is usable, and the table only too small.
    """
    for index in trial.catalog.indexes_of(table.name):
        yield _index(trial, table, index)


def _index(trial: Trial, table: Table, index: Index) -> Proof:
    def proof(verdict: Verdict, told: str) -> Proof:
        return Proof("index", table.name, index.name.name, verdict, told)

    if not index.valid:
        return proof(Verdict.WRONG, "it is invalid: no query can use it")
    wheres = [_shown(where) for where in _queries(trial, table, index)]
    if not wheres:
        return proof(Verdict.UNTRIED, "no row has what it is asked for")
    others: list[str] = []
    for where, shown in wheres:
        query = f"SELECT * FROM {table.name} WHERE {where}"
        taken = _taken(trial, query)
        if taken is None:
            return proof(Verdict.UNTRIED, f"PostgreSQL cannot plan {shown}")
        if index.name.name in taken:
            return proof(Verdict.PROVED, f"taken for {shown}")
        others += taken
        if not taken and index.name.name in (_taken(trial, query, forced=True) or ()):
            count = trial.rows(table)
            return proof(Verdict.PROVED, f"usable for {shown}; not worth it with {count} rows")
    instead = ", ".join(sorted(set(others)))
    told = f"never taken for {wheres[0][1]}{f': {instead} is' if instead else ''}"
    if index.unique or index.constraint is not None:
        return proof(Verdict.PROVED, f"it is there for its constraint; {told}")
    return proof(Verdict.WEAK, told)


def _shown(where: str) -> tuple[str, str]:
    words = f"WHERE {where}"
    return where, words if len(words) <= _SHOWN else f"{words[: _SHOWN - 1]}…"


def _queries(trial: Trial, table: Table, index: Index) -> Iterator[str]:
    """The conditions that an index is for, with values of a row that is there; the best one first.

    That is equality on all keys of a btree index, and then on the first one alone.
    """
    where = [f"({index.predicate})"] if index.predicate is not None else []
    keys = [quote_ident(key.column) if key.column else f"({key.expression})" for key in index.keys]
    wanted = " AND ".join([*where, *(f"{key} IS NOT NULL" for key in keys)])
    several = index.method == "btree"
    conditions: list[str] = []
    for place, key in enumerate(keys if several else keys[:1]):
        condition = _condition(trial, table, index, place, key, wanted)
        if condition is None:
            break
        conditions.append(condition)
    if conditions:
        yield " AND ".join([*conditions, *where])
    if len(conditions) > 1:
        yield " AND ".join([*conditions[:1], *where])


def _condition(
    trial: Trial, table: Table, index: Index, place: int, key: str, wanted: str
) -> str | None:
    chosen = f"FROM {table.name} WHERE {wanted} ORDER BY ctid DESC LIMIT 1"
    text = trial.value(f"SELECT ({key})::text {chosen}")
    kind = trial.value(f"SELECT pg_typeof({key})::text {chosen}")
    if text is None or kind is None:
        return None
    value = f"{quote_literal(str(text))}::{kind}"
    opclass = index.keys[place].opclass
    if opclass is not None and opclass.name.endswith("trgm_ops"):
        return f"{key} LIKE {quote_literal('%' + _plain(str(text)) + '%')}"
    if index.method == "brin":
        return f"{key} BETWEEN {value} AND {value}"
    if index.method not in ("gin", "gist", "spgist"):
        return f"{key} = {value}"
    base = str(kind).removesuffix("[]")
    if str(kind).endswith("[]"):
        return f"{key} @> {value}"
    if base.endswith("range"):
        return f"{key} && {value}"
    operator = _CONTAINERS.get(base, "= %s")
    return f"{key} {operator.replace('%s', value)}"


def _plain(text: str) -> str:
    """A part of *text* without the signs that LIKE understands."""
    return "".join(letter for letter in text if letter not in "%_\\")[:12]


def _taken(trial: Trial, query: str, *, forced: bool = False) -> list[str] | None:
    """The indexes in the plan of *query*; None when it cannot be planned."""
    from psycopg import Error

    try:
        with trial.connection.transaction(force_rollback=True):
            if forced:
                trial.connection.execute("SET LOCAL enable_seqscan = off")
            row = trial.connection.execute(f"EXPLAIN (FORMAT JSON) {query}").fetchone()
    except Error:
        return None
    return sorted(set(_indexes(row[0][0]["Plan"])))


def _indexes(plan: dict[str, Any]) -> Iterator[str]:
    if "Index Name" in plan:
        yield plan["Index Name"]
    for part in plan.get("Plans", ()):
        yield from _indexes(part)
