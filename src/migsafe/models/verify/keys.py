"""Unique keys, exclusions, foreign keys: the row that must not be, the row that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.catalog import Constraint, Index, Table
from migsafe.models.serving import foreign_keys
from migsafe.models.verify.proof import Proof, Verdict
from migsafe.models.verify.trial import Answer, Trial
from migsafe.models.words import columns_text
from migsafe.names import Name, quote_ident
from migsafe.seed.constants import Constants
from migsafe.seed.values import Values

_FAR = (900001, 8, 1, 0, 77)  # numbers for values that no row has
_DELETES = {"c": "are deleted too", "n": "get NULL", "d": "get the default"}


def key_proofs(trial: Trial, table: Table) -> Iterator[Proof]:
    """What the unique indexes, exclusions and foreign keys of *table* refuse."""
    for index in trial.catalog.indexes_of(table.name):
        found = table.constraint(index.constraint) if index.constraint else None
        if found is not None and found.operators:
            yield _repeated(trial, table, index, "exclusion", "23P01", found)
        elif index.unique:
            yield _repeated(trial, table, index, "unique", "23505", found)
    for key in foreign_keys(table):
        yield _orphan(trial, table, key)
        yield from _deletes(trial, table, key)


def _repeated(
    trial: Trial, table: Table, index: Index, kind: str, state: str, found: Constraint | None
) -> Proof:
    """Give a second row the keys of the first."""

    def proof(verdict: Verdict, told: str) -> Proof:
        return Proof(kind, table.name, index.name.name, verdict, told)

    wanted = " AND ".join(
        [f"{_key(index, place)} IS NOT NULL" for place in range(len(index.keys))]
        + ([f"({index.predicate})"] if index.predicate is not None else [])
    )
    first = trial.value(f"SELECT ctid FROM {table.name} WHERE {wanted} ORDER BY ctid LIMIT 1")
    if first is None or trial.rows(table) < 2:
        return proof(Verdict.UNTRIED, "there are not two rows that it is about")
    text = f"{index.predicate or ''} {' '.join(key.expression or '' for key in index.keys)}"
    columns = [
        column.name
        for column in table.columns
        if any(key.column == column.name for key in index.keys) or column.name in text
    ]
    settable = [name for name in columns if not _is_generated(table, name)]
    source = f"FROM {table.name} WHERE ctid = '{first}'"
    changes = {name: f"(SELECT {quote_ident(name)} {source})" for name in settable}
    if not changes:
        return proof(Verdict.UNTRIED, "its columns are generated")
    place = trial.value(f"SELECT count(*) FROM {table.name} WHERE ctid < '{first}'")
    other = 1 if int(place or 0) == 0 else 0
    answer = trial.update(table, changes, other)
    if not answer.accepted and answer.constraint != index.name.name:
        answer = trial.update(table, changes, other, first=trial.alone(table, index.name.name))
    if answer.accepted:
        if found is not None and set(found.operators) - {"=", "&&"}:
            return proof(Verdict.UNTRIED, "equal rows do not exclude each other")
        return proof(Verdict.WRONG, f"two rows with the same {columns_text(tuple(columns))}")
    if answer.constraint != index.name.name or answer.state != state:
        return proof(Verdict.UNTRIED, f"a second row is refused, but for: {answer.message}")
    return proof(Verdict.PROVED, f"a second row with the same is refused ({state})")


def _key(index: Index, place: int) -> str:
    key = index.keys[place]
    return quote_ident(key.column) if key.column is not None else f"({key.expression})"


def _is_generated(table: Table, name: str) -> bool:
    column = table.column(name)
    return column is not None and column.generated is not None


def _orphan(trial: Trial, table: Table, key: Constraint) -> Proof:
    """Refer to a row that is not there."""

    def proof(verdict: Verdict, told: str) -> Proof:
        return Proof("foreign-key", table.name, key.name, verdict, told)

    target = key.references
    if not key.enforced:
        return proof(Verdict.WEAK, "it is NOT ENFORCED and refuses nothing")
    if target is None:
        return proof(Verdict.UNTRIED, "it is not known what it refers to")
    answer = Answer()
    for changes in _absent(trial, table, key, target):
        answer = trial.update(table, changes)
        if not answer.accepted and answer.constraint != key.name and target != table.name:
            answer = trial.update(table, changes, first=trial.alone(table, key.name))
        if answer.accepted:
            return proof(Verdict.WRONG, "a row that refers to none is accepted")
        if answer.state == "23503" and answer.constraint == key.name:
            return proof(Verdict.PROVED, "a row that refers to none is refused (23503)")
    told = f"a row that refers to none is refused, but for: {answer.message}"
    return proof(Verdict.UNTRIED, told if answer.message else "no value was found that is missing")


def _absent(trial: Trial, table: Table, key: Constraint, target: Name) -> Iterator[dict[str, str]]:
    """Values for the columns of a foreign key that no row of its target has."""
    pairs = list(zip(key.columns, key.referenced_columns, strict=False))
    for name, theirs in pairs:
        column = table.column(name)
        if column is None or column.generated is not None:
            continue
        for value in Values(trial.catalog).of(column.type, Constants()):
            for number in _FAR:
                made = f"({value.replace('{g}', str(number))})"
                there = f"SELECT 1 FROM {target} WHERE {quote_ident(theirs)} = {made}"
                if trial.value(f"SELECT NOT EXISTS ({there})"):
                    # With MATCH SIMPLE a NULL beside it would make the row refer to nothing.
                    others = {n: _some(target, t) for n, t in pairs if n != name}
                    yield {**others, name: made}


def _some(target: Name, column: str) -> str:
    return f"(SELECT {quote_ident(column)} FROM {target} LIMIT 1)"


def _deletes(trial: Trial, table: Table, key: Constraint) -> Iterator[Proof]:
    """Delete a row that is referred to: does what ON DELETE says come about?"""
    target = trial.catalog.tables.get(key.references) if key.references is not None else None
    if target is None or target == table or not key.enforced:
        return
    subject = f"{key.name} on delete"
    ours = ", ".join(map(quote_ident, key.columns))
    theirs = ", ".join(map(quote_ident, key.referenced_columns))
    used = " AND ".join(f"{quote_ident(column)} IS NOT NULL" for column in key.columns)
    chosen = f"(SELECT {ours} FROM {table.name} WHERE {used} ORDER BY ctid LIMIT 1)"
    if trial.value(f"SELECT EXISTS {chosen}") is not True:
        told = "no row refers to another, so none was deleted"
        yield Proof("foreign-key", table.name, subject, Verdict.UNTRIED, told)
        return
    before = trial.rows(table)
    count = f"SELECT count(*) FROM {table.name}"
    condition = f"({theirs}) = {chosen}"
    answer, after = trial.delete(target, condition, count)
    if not answer.accepted and answer.constraint != key.name:
        first = [*_unreferenced(trial, target, key.name), *_unreferenced(trial, table, key.name)]
        answer, after = trial.delete(target, condition, count, first=first)

    def proof(verdict: Verdict, told: str) -> Proof:
        return Proof("foreign-key", table.name, subject, verdict, told)

    does = _DELETES.get(key.on_delete)
    if answer.accepted and does is not None and (after < before) is (key.on_delete == "c"):
        yield proof(Verdict.PROVED, f"when the row it refers to is deleted, its rows {does}")
    elif answer.accepted:
        told = f"{before - after} of {before} rows are gone when the row it refers to is deleted"
        yield proof(Verdict.WRONG, told)
    elif answer.constraint == key.name and does is None:
        yield proof(Verdict.PROVED, f"the row it refers to is kept ({answer.state})")
    else:
        told = f"the row it refers to is kept, by another constraint: {answer.constraint}"
        yield proof(Verdict.UNTRIED, told)


def _unreferenced(trial: Trial, table: Table, name: str) -> list[str]:
    """Statements after which no other foreign key than the one called *name* refers to *table*."""
    return [
        f"ALTER TABLE {referring.name} DROP CONSTRAINT IF EXISTS {quote_ident(key.name)}"
        for referring, key in trial.catalog.references_to(table.name)
        if key.name != name
    ]
