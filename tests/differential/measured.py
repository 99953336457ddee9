"""Cases run on a server, each one undone, and compared with what is predicted."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.catalog import Catalog
from migsafe.effects import Effects, advance, begin, predict
from migsafe.fold import fold
from migsafe.locks import LockMode
from migsafe.measure import Measurer
from migsafe.names import Name
from migsafe.session import Session
from migsafe.sql import parse

from .case import Case

Locks = dict[Name, set[LockMode]]


def folded(catalog: Catalog, text: str) -> Catalog:
    """*catalog* after the statements of *text*."""
    for parsed in parse(text):
        catalog = fold(catalog, parsed.statement)
    return catalog


def predicted(case: Case, catalog: Catalog) -> list[Effects]:
    """The effects of each statement, in one transaction; one that fails is the last."""
    session = Session(catalog, settings={"session_authorization": "postgres"})
    for text in case.settings:
        for parsed in parse(text):
            session = advance(session, parsed.statement, Effects(), autocommit=True)
    session = begin(session)
    found = []
    for text in case.sql:
        for parsed in parse(text):
            found.append(predict(parsed.statement, session))
            session = advance(session, parsed.statement, found[-1])
    return found


def measured(case: Case, measurer: Measurer) -> list[Effects]:
    """The same on a server, which is as before afterwards."""
    measurer.execute(";".join(case.settings))
    measurer.begin()
    found = []
    for text in case.sql:
        found.append(measurer.measure(text))
        if found[-1].fails is not None:
            break
    measurer.rollback()
    measurer.execute("DISCARD ALL")  # the plans of foreign keys, too, which hold fewer locks
    return found


def differences(seen: list[Effects], said: list[Effects], tables: frozenset[Name]) -> Iterator[str]:
    """Where the prediction *said* is not what was *seen*, on *tables* and what belongs to them."""
    failure = seen[-1].fails
    failures = [effects.fails for effects in said if effects.fails]
    if failure is not None:
        if all(f.sqlstate != failure.sqlstate for f in failures):
            yield f"fails with {failure.sqlstate} {failure.why}, not {failures}"
        return
    yield from (f"succeeds, not {f}" for f in failures if f.certain)
    yield from (f"unknown: {effects.unknown}" for effects in said if effects.unknown)
    yield from _locks(_all_locks(seen), _all_locks(said), tables)
    for kind in ("scans", "rewrites", "rebuilds", "builds"):
        real = {name for effects in seen for name in getattr(effects, kind)}
        told = {name for effects in said for name in getattr(effects, kind)}
        if real != told:
            yield f"{kind}: {sorted(map(str, real))}, not {sorted(map(str, told))}"


def _all_locks(found: list[Effects]) -> Locks:
    locks: Locks = {}
    for effects in found:
        for name, modes in effects.locks.items():
            if modes:
                locks.setdefault(name, set()).update(modes)
    return locks


def _locks(seen: Locks, said: Locks, tables: frozenset[Name]) -> Iterator[str]:
    """Modes that the transaction held already are not told again by a server.

    An index that is made again has two numbers, of which others know the old one alone: a weaker
    lock on the new one is nothing beside the ACCESS EXCLUSIVE on the old. ACCESS SHARE on an index
    or a sequence may be there only because a session has not seen it before (relcache.c).
    """
    for name in sorted({*seen, *said}):
        real, told = seen.get(name, set()), said.get(name, set())
        strongest = LockMode.ACCESS_EXCLUSIVE in real & told
        looked_at = not told and real == {LockMode.ACCESS_SHARE} and name not in tables
        again = strongest and told - real <= {LockMode.ACCESS_SHARE}
        if real != told and not again and not looked_at:
            yield f"locks {name.display()}: {_words(real)}, not {_words(told)}"


def _words(modes: set[LockMode]) -> str:
    return ", ".join(sorted(mode.value for mode in modes)) or "none"
