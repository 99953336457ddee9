"""NOT NULL, lengths, digits, enum types and CHECKs: values that pass, and values that do not."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from migsafe.catalog import Column, Constraint, ConstraintKind, Enum, Table
from migsafe.models.verify.proof import Proof, Verdict
from migsafe.models.verify.trial import Trial
from migsafe.models.words import bare, type_text
from migsafe.names import quote_ident, quote_literal
from migsafe.seed.constants import Constants, constants_of
from migsafe.seed.values import Values

_TEXTS = ("varchar", "bpchar")
_MOST = 160  # combinations of values that a CHECK is asked about
_SHOWN = 40


@dataclass(frozen=True)
class Expectation:
    """A value that must be refused, with what PostgreSQL then says, and one that must pass."""

    kind: str
    subject: str
    column: str
    bad: str
    state: str
    good: str | None
    words: str


def value_proofs(trial: Trial, table: Table) -> Iterator[Proof]:
    """What the columns of *table*, and its CHECKs, take and refuse."""
    for column in table.columns:
        if column.generated is None:
            for expected in _of_column(trial, column):
                yield _proved(trial, table, expected)
    for check in table.constraints_of(ConstraintKind.CHECK):
        yield _check(trial, table, check)


def _of_column(trial: Trial, column: Column) -> Iterator[Expectation]:
    name, kind, modifiers = column.name, column.type.name.name, column.type.modifiers
    if column.not_null:
        yield Expectation("not-null", name, name, "NULL", "23502", None, "NULL")
    if column.type.dimensions:
        return
    shown = f"{name} {type_text(column.type)}"
    if column.type.is_builtin and kind in _TEXTS and modifiers:
        length = int(modifiers[0])
        yield Expectation(
            "length", shown, name, f"repeat('x', {length + 1})", "22001",
            f"repeat('x', {length})", f"a text of {length + 1} characters",
        )  # fmt: skip
    if column.type.is_builtin and kind == "numeric" and modifiers:
        whole = int(modifiers[0]) - int(modifiers[1])
        most = f"({'9' * int(modifiers[0])}e-{int(modifiers[1])})::numeric"
        yield Expectation(
            "digits", shown, name, f"1e{max(whole, 0)}::numeric", "22003", most,
            f"a number of {whole + 1} digits before the point",
        )  # fmt: skip
    enum = trial.catalog.type(column.type.name)
    if isinstance(enum, Enum):
        good = quote_literal(enum.labels[-1]) if enum.labels else None
        bad = quote_literal("no such label")
        yield Expectation("enum", shown, name, bad, "22P02", good, "an unknown label")


def _proved(trial: Trial, table: Table, expected: Expectation) -> Proof:
    answer = trial.update(table, {expected.column: expected.bad})

    def proof(verdict: Verdict, told: str) -> Proof:
        return Proof(expected.kind, table.name, expected.subject, verdict, told)

    if answer.accepted:
        return proof(Verdict.WRONG, f"{expected.words} is accepted")
    if answer.state != expected.state:
        return proof(Verdict.UNTRIED, f"{expected.words} is refused, but for: {answer.message}")
    told = f"{expected.words} is refused ({answer.state})"
    if expected.good is not None:
        passed = trial.accepts(table, {expected.column: expected.good})
        if not passed.accepted and passed.constraint is None:
            return proof(Verdict.WRONG, f"{told}, but so is what should pass: {passed.message}")
        if not passed.accepted:
            told += f"; the largest that passes is up to {passed.constraint}"
    return proof(Verdict.PROVED, told)


# -- CHECK ---------------------------------------------------------------------------------------


def _check(trial: Trial, table: Table, check: Constraint) -> Proof:
    def proof(verdict: Verdict, told: str) -> Proof:
        return Proof("check", table.name, check.name, verdict, told)

    if not check.enforced:
        return proof(Verdict.WEAK, "it is NOT ENFORCED and refuses nothing")
    refused, passed = None, None
    for changes in itertools.islice(_candidates(trial, table, check), _MOST):
        is_met = _is_met(trial, table, check, changes)
        if is_met is None or (refused and passed) or (passed if is_met else refused):
            continue
        if is_met:
            if trial.accepts(table, changes).accepted:
                passed = changes
            continue
        answer = trial.update(table, changes)
        if answer.constraint != check.name and answer.state == "23514":
            answer = trial.update(table, changes, first=trial.alone(table, check.name))
        if answer.accepted:
            return proof(Verdict.WRONG, f"{_shown(trial, changes)} is accepted")
        if answer.constraint == check.name:
            refused = changes
    if refused is None:
        return proof(Verdict.UNTRIED, f"no value was found that {bare(check.expression)} refuses")
    told = f"{_shown(trial, refused)} is refused (23514)"
    return proof(Verdict.PROVED, f"{_shown(trial, passed)} passes, {told}" if passed else told)


def _candidates(trial: Trial, table: Table, check: Constraint) -> Iterator[Mapping[str, str]]:
    """Values for the columns of a CHECK, those at its boundaries first."""
    columns = [c for c in map(table.column, check.columns) if c is not None and not c.generated]
    if len(columns) != len(check.columns) or not columns:
        return
    constants = constants_of([check.expression or ""])
    pools = [list(_pool(trial, column, constants)) for column in columns]
    for column, pool in zip(columns, pools, strict=True):
        if not column.not_null:
            pool.insert(1, "NULL")
    # All combinations, the first values of every pool before the later ones of any.
    numbered = itertools.product(*(range(min(len(pool), 24)) for pool in pools))
    for places in sorted(itertools.islice(numbered, 4000), key=sum):
        yield {c.name: pool[at] for c, pool, at in zip(columns, pools, places, strict=True)}


def _pool(trial: Trial, column: Column, constants: Constants) -> Iterator[str]:
    kind, numbers = column.type.name.name, constants.numbers
    if kind in ("varchar", "text", "bpchar", "citext") and not column.type.dimensions:
        yield "''"
        for number in numbers:
            if re.fullmatch(r"\d{1,4}", number):
                for length in (int(number), int(number) + 1, max(int(number) - 1, 0)):
                    yield f"repeat('x', {length})"
    if kind in ("numeric", "float4", "float8"):
        step = 10.0 ** -int(column.type.modifiers[1]) if column.type.modifiers else 0.01
        for number in numbers:
            yield from (f"{number}::numeric", f"({number} - {step})", f"({number} + {step})")
    if column.type.dimensions:
        yield f"'{{}}'::{column.type}"
        element = replace(column.type, dimensions=0)
        for number in numbers:
            if re.fullmatch(r"\d{1,3}", number):
                for length in (int(number), int(number) + 1, max(int(number) - 1, 0)):
                    yield f"array_fill(NULL::{element}, ARRAY[{length}])"
    made = Values(trial.catalog).of(column.type, constants)
    yield from (f"({value.replace('{g}', '7')})" for value in made)


def _is_met(
    trial: Trial, table: Table, check: Constraint, changes: Mapping[str, str]
) -> bool | None:
    """What PostgreSQL makes of the CHECK for these values; None when it cannot be asked."""
    given = ", ".join(
        f"({value})::{_type_of(table, name)} AS {quote_ident(name)}"
        for name, value in changes.items()
    )
    query = f"SELECT ({check.expression}) IS NOT FALSE FROM (SELECT {given}) AS {_alias(table)}"
    found = trial.value(query)
    return None if found is None else bool(found)


def _type_of(table: Table, column: str) -> str:
    found = table.column(column)
    return str(found.type) if found is not None else "text"


def _alias(table: Table) -> str:
    """A CHECK may call its columns by the table's name."""
    return quote_ident(table.name.name)


def _shown(trial: Trial, changes: Mapping[str, str]) -> str:
    texts = []
    for name, value in changes.items():
        text = trial.value(f"SELECT ({value})::text")
        text = "NULL" if text is None else repr(str(text)) if not _is_number(text) else str(text)
        shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
        texts.append(shown if len(changes) == 1 else f"{name} {shown}")
    return ", ".join(texts)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None
