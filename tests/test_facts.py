"""What `predict` says of each statement of the facts corpus is what PostgreSQL 14 to 18 did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from migsafe.catalog import Catalog
from migsafe.effects import Effects, advance, begin, predict
from migsafe.fold import fold
from migsafe.locks import LockMode
from migsafe.names import Name
from migsafe.session import Session
from migsafe.sql import parse, since

FACTS = Path(__file__).parent / "facts"
Locks = dict[Name, set[LockMode]]


def load() -> list[dict[str, Any]]:
    """One fact a line: statements, their set-up, and what each major version did."""
    texts = [(FACTS / name).read_text() for name in ("ddl.jsonl", "variants.jsonl")]
    return [json.loads(line) for text in texts for line in text.splitlines()]


PLANNER = "which tables a query reads in full is the planner's choice, made by row counts"
DISAGREEMENTS = {
    "create_index_concurrently_ifne_invalid": "the index exists, so the lock is held too shortly "
    "to be sampled; the blocking form of the same statement shows that it is taken",
    "columns_constraints_223": PLANNER,
    "create_tablespace_err": "whether a directory exists is not in the catalog",
    "drop_index_concurrently_writer": "the last phase was too short to be sampled; "
    "drop_index_concurrently_reader saw its ACCESS EXCLUSIVE lock on 18",
    "index_storage_partitions_062": "the roles of the server are not in the catalog",
    "index_storage_partitions_210": PLANNER,
    "index_storage_partitions_220": PLANNER,
    "insert_select": "5,000 look-ups of the foreign key fetch more pages of the small parent than "
    "it has, which the measurement takes for a scan",
    "part_attach_parent_has_fk": "all keys are NULL, so the join never reads the referenced table; "
    "values of rows are not in the catalog",
    "part_reindex_parent": "SHARE on the partitioned table is held only while its partitions are "
    "listed, too short to be sampled; test_measure sees it",
    "relations_types_dml_027": PLANNER,
    "relations_types_dml_150": PLANNER,
    "relations_types_dml_160": PLANNER,
    "relations_types_dml_220": "reading from a cursor is not taken for a scan",
    "type_dependencies_205": PLANNER,
    "vacuum_truncating_tail": "ACCESS EXCLUSIVE is tried for and given up when anybody waits, "
    "and only where the last pages are empty (lazy_truncate_heap)",
}
"""Facts that are predicted otherwise than they were measured, and why."""


@lru_cache
def base(major: int) -> Catalog:
    """The schema and rows that every fact starts from."""
    return folded(Catalog.empty(major), (FACTS / "base.sql").read_text())


def folded(catalog: Catalog, *texts: str) -> Catalog:
    for text in texts:
        for parsed in parse(text):
            catalog = fold(catalog, parsed.statement)
    return catalog


def session_of(fact: dict[str, Any], major: int) -> Session:
    """The state before the statements of *fact*; the corpus was measured as user postgres."""
    session = Session(
        folded(base(major), *fact["setup"]), settings={"session_authorization": "postgres"}
    )
    for text in fact["session"]:
        for parsed in parse(text):
            effects = predict(parsed.statement, session)
            session = advance(session, parsed.statement, effects, autocommit=True)
    return session


def predicted(
    fact: dict[str, Any], session: Session, *, in_transaction: bool
) -> tuple[list[Effects], Session]:
    """The effects of each statement, and the state after the last one."""
    effects = []
    for text in fact["sql"]:
        statements = [parsed.statement for parsed in parse(text)]
        # Several statements in one string run in an implicit transaction block.
        if in_transaction or len(statements) > 1:
            session = begin(session)
        for statement in statements:
            effects.append(predict(statement, session))
            session = advance(session, statement, effects[-1], autocommit=not in_transaction)
    return effects, session


def name(text: str) -> Name:
    parsed = Name.parse(text)
    return parsed if parsed.schema else Name("public", parsed.name)


def known(session: Session) -> set[Name]:
    catalog = session.catalog
    kinds = (catalog.tables, catalog.indexes, catalog.views, catalog.sequences, catalog.types)
    return {found for kind in kinds for found in kind}


def observed_locks(observed: dict[str, Any], visible: set[Name]) -> Locks:
    """Locks on relations others could see: neither toast, nor made by the statements themselves.

    Requests that were still waiting when they were sampled are the same locks, not granted yet.
    """
    return {
        name(relation): {LockMode(mode) for mode in modes if not mode.endswith("(WAITING)")}
        for relation, modes in observed["locks"].items()
        if not relation.startswith("toast") and name(relation) in visible
    }


def differences(fact: dict[str, Any], observed: dict[str, Any], major: int) -> Iterator[str]:
    """What *fact* says otherwise than the prediction for PostgreSQL *major*."""
    before = session_of(fact, major)
    effects, after = predicted(fact, before, in_transaction=observed["in_transaction"])
    failures = [e.fails for e in effects if e.fails]
    if not observed["ok"]:
        sqlstate = observed["error"][:5]
        if all(failure.sqlstate != sqlstate for failure in failures):
            yield f"fails with {observed['error']!r}, not {failures}"
        return
    yield from (f"succeeds, but: {f}" for f in failures if f.certain)
    yield from (f"unknown: {e.unknown}" for e in effects if e.unknown)
    new = after.transaction.new if after.transaction else known(after) - known(before)
    visible = (known(before) | known(after)) - new
    if observed["in_transaction"]:
        held = after.transaction.locks if after.transaction else {}
        yield from compare("locks", observed_locks(observed, visible), tidy(held))
    else:
        yield from sampled(fact, observed_locks(observed, visible), effects, visible)
    for kind, key in (("scans", "scans"), ("rewrites", "rewrites"), ("rebuilds", "index_rebuilt")):
        seen = {name(r) for r in observed.get(key, ()) if not r.startswith("toast")} & visible
        said = {r for e in effects for r in getattr(e, kind)}
        if seen != said:
            yield f"{kind}: {sorted(map(str, seen))}, not {sorted(map(str, said))}"
    removed = sorted({str(removal) for e in effects for removal in e.removes})
    if removed != observed.get("removes", removed):
        yield f"removes: {observed['removes']}, not {removed}"


def tidy(locks: Any) -> Locks:
    return {relation: set(modes) for relation, modes in locks.items() if modes}


def compare(what: str, seen: Locks, said: Locks) -> Iterator[str]:
    for relation in sorted({*seen, *said}):
        if seen.get(relation, set()) != said.get(relation, set()):
            yield f"{what} {relation}: {show(seen.get(relation))}, not {show(said.get(relation))}"


def show(modes: set[LockMode] | None) -> str:
    return ", ".join(sorted(mode.value for mode in modes or ())) or "none"


def sampled(
    fact: dict[str, Any], seen: Locks, effects: list[Effects], visible: set[Name]
) -> Iterator[str]:
    """Locks of statements that commit by themselves were sampled, so one version may miss some.

    None may be seen that was not predicted, and each predicted one must be seen on some version.
    """
    said: Locks = {}
    for found in effects:
        for relation, modes in found.locks.items():
            said.setdefault(relation, set()).update(modes)
    anywhere: Locks = {}
    for observed in fact["observed"]:
        for relation, modes in observed_locks(observed, visible).items():
            anywhere.setdefault(relation, set()).update(modes)
    for relation in sorted({*seen, *said}):
        wrong = seen.get(relation, set()) - said.get(relation, set())
        if wrong:
            yield f"sampled {relation}: {show(wrong)} was not predicted"
        never = said.get(relation, set()) - anywhere.get(relation, set())
        if never:
            yield f"sampled {relation}: {show(never)} was never seen"


def cases() -> Iterator[Any]:
    for fact in load():
        if fact["id"] in DISAGREEMENTS:
            continue
        for observed in fact["observed"]:
            for major in observed["versions"]:
                if "error" in observed or observed["ok"]:
                    yield pytest.param(fact, observed, major, id=f"{fact['id']}-{major}")


@pytest.mark.parametrize(("fact", "observed", "major"), list(cases()))
def test_prediction_is_what_was_observed(
    fact: dict[str, Any], observed: dict[str, Any], major: int
) -> None:
    """Locks, scans, rewrites and failure of every statement, on every version."""
    assert not list(differences(fact, observed, major))


def test_a_fact_without_outcome_has_a_set_up_of_a_newer_version() -> None:
    """Facts that could not be set up on a version are left out for no other reason."""
    for fact in load():
        for observed in fact["observed"]:
            if "error" not in observed and not observed["ok"]:
                needs = max(since(p.statement)[0] for t in fact["setup"] for p in parse(t))
                assert all(major < needs for major in observed["versions"]), fact["id"]


@pytest.mark.parametrize("fact_id", sorted(DISAGREEMENTS))
def test_a_listed_disagreement_is_one(fact_id: str) -> None:
    """A fact that is predicted by now has no place in the list."""
    fact = next(f for f in load() if f["id"] == fact_id)
    found = [
        difference
        for observed in fact["observed"]
        for major in observed["versions"]
        for difference in differences(fact, observed, major)
    ]
    assert found
