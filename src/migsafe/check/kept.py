"""Checking what is new in a history, on top of what is kept of the last run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from migsafe.cache import Store, digest, file_digest, installation
from migsafe.capture.environment import read_environment
from migsafe.capture.graph import ordered
from migsafe.capture.history import Lasting, captured, history_files
from migsafe.capture.location import Location
from migsafe.capture.model import History, Migration
from migsafe.capture.reads import reads
from migsafe.capture.schema import Schema
from migsafe.capture.script import Header, Script, read_script
from migsafe.catalog import Catalog
from migsafe.check.assumed import Assumptions
from migsafe.check.beside import Awaited, First, beside, is_divisible, is_worth_it, middle_of
from migsafe.check.judging import Judge, Walked, reported
from migsafe.check.model import Report, Verdict
from migsafe.check.released import with_edits
from migsafe.check.selection import chosen, is_excluded
from migsafe.check.state import (
    Forgotten,
    Kept,
    Mark,
    Watched,
    add,
    from_bytes,
    is_marked,
    to_bytes,
    with_schemas,
)
from migsafe.config import NEWEST, Settings
from migsafe.printed import is_fresh, surroundings
from migsafe.rule import Rule
from migsafe.session import Session
from migsafe.values import replace


def check_kept(
    location: Location,
    rules: Sequence[Rule],
    settings: Settings,
    store: Store | None,
    *,
    only: Callable[[Migration], bool],
    released: Mapping[Path, str] | None = None,
    digests: Mapping[str, str | None] | None = None,
    notes: bool = True,
) -> Report:
    """As `check` of the captured history, but only what is new is captured and judged.

    Without a *store* all is new. A second process takes a part of much. *digests* are those of
    files that have just been read, by path. Without *notes*, findings of severity INFO may be
    missing. Raises what `capture` and `check` raise.
    """
    check = _Check(
        location, chosen(rules, settings), settings, store, only, released or {}, digests or {},
        notes,
    )  # fmt: skip
    found = store.get(check.key) if store is not None else None
    kept = from_bytes(found) if found else None
    if kept is not None and is_fresh(kept.reads, kept.folders):
        with suppress(Forgotten):
            return check.run(kept)
    with suppress(Forgotten):
        return check.run(_nothing(settings))
    return check.run(_nothing(settings), alone=True)


def _nothing(settings: Settings) -> Kept:
    """What is kept of a history that nobody has seen."""
    catalog = Catalog.empty(settings.target_version)
    return Kept(marks={0: Mark(Session(catalog), Schema(catalog), frozenset())})


_CHEAP = 16
"""So many migrations are sooner captured and judged again than all that is known is written."""

_ELSEWHERE = Migration("", (), Path())
"""Stands for a migration that the other process has."""
_NOWHERE = Schema(Catalog.empty(NEWEST))
"""Stands for the schema of a mark until it is known that the mark is kept."""


class _Check:
    def __init__(
        self,
        location: Location,
        rules: Sequence[Rule],
        settings: Settings,
        store: Store | None,
        only: Callable[[Migration], bool],
        released: Mapping[Path, str],
        digests: Mapping[str, str | None],
        notes: bool,
    ):
        self._location = location
        self._rules = rules
        self._settings = settings
        self._store = store
        self._only = only
        self._released = released
        self._digests = digests
        self._notes = notes
        named = sorted(f"{type(rule).__module__} {rule.code}" for rule in rules)
        whole = replace(location, selected=())
        levels = bool(settings.severity or settings.paths)
        self._asked = (whole, named, settings.target_version, notes, levels)

    @cached_property
    def key(self) -> str:
        """Under which the state is kept."""
        return digest("state", installation(), *self._asked)

    def run(self, kept: Kept, *, alone: bool = False) -> Report:
        """Check on top of *kept*; raises Forgotten when it does not fit this history.

        Not when this process does it *alone* and nothing is kept.
        """
        with reads().noted() as opened:
            headers, digests = self._headers(kept)
            run, heads = ordered(headers)
            environment = read_environment(self._location)
            files = tuple((str(header.path), digests[header.path]) for header in run)
            same = _common(kept.files, files) if kept.environment == environment else 0
            done = max((number for number in kept.marks if number <= same), default=-1)
            if done < 0:
                raise Forgotten
            before = replace(kept, files=files, headers=run, environment=environment)
            in_two = not alone and is_worth_it(len(run) - done) and is_divisible(run, done)
            work = self._in_two if in_two else self._in_one
            after, asked = work(before, done, heads)
            history = History(after.migrations, heads, environment)
            report = self._reported(history, after.verdicts)
        if self._store is not None and not asked and (done == 0 or len(run) - done > _CHEAP):
            others = opened - {str(path) for path in digests}
            after = self._with_surroundings(with_schemas(after, done, kept), kept, others)
            self._store.put(self.key, to_bytes(after))
        return report

    def _headers(self, kept: Kept) -> tuple[list[Header], dict[Path, str]]:
        """The header of every file, read only where it is not among what is *kept*; the digests.

        These are empty where nothing will be kept.
        """
        files = history_files(self._location)
        if self._store is None:
            return [read_script(path) for path in files], dict.fromkeys(files, "")
        known = dict(zip(kept.files, kept.headers, strict=True))
        headers, digests = [], {}
        for path in files:
            name = str(path)
            digests[path] = self._digests.get(name) or file_digest(path) or ""
            headers.append(known.get((name, digests[path])) or read_script(path))
        return headers, digests

    def _in_one(self, kept: Kept, done: int, heads: tuple[str, ...]) -> tuple[Kept, bool]:
        """*kept* with all that comes after *done*; whether a rule about steps asked for more."""
        start = kept.marks[done]
        new = self._captured(kept, done, len(kept.headers), start.schema.copy())
        history = History((*kept.migrations[:done], *new), heads, kept.environment)
        assumptions = Assumptions(history, known=start.known)
        return self._judged(kept, done, start, Watched(history), assumptions)

    def _in_two(self, kept: Kept, done: int, heads: tuple[str, ...]) -> tuple[Kept, bool]:
        """As `_in_one`, by two processes; raises Forgotten when that would not be the same."""
        start = kept.marks[done]
        middle = middle_of(kept.headers, done)
        with beside(lambda first: self._later(kept, middle, heads, first)) as other:
            try:
                new = self._captured(kept, done, middle, start.schema.copy(), is_part=True)
            except Lasting:
                raise Forgotten from None
            history = History((*kept.migrations[:done], *new), heads, kept.environment)
            watched, ahead = Watched(history), Assumptions(history, known=start.known)
            judge = self._judge(watched, start, ahead, {})
            walked = judge.ahead(new)
            schema = start.schema.snapshot()
            add(new, schema)
            other.tell(Kept(marks={middle: Mark(judge.session, schema, ahead.known)}))
            assumptions = Assumptions(history, known=start.known)
            found, asked = self._judged(kept, done, start, watched, assumptions, walked)
            if asked or not assumptions.starts_empty:
                raise Forgotten  # it depends on what the other part holds
            later = other.answer()
        reads().note(later.reads)
        migrations = (*history.migrations, *later.migrations)
        verdicts = (*found.verdicts, *later.verdicts)
        marks = {**found.marks, **later.marks}
        return replace(found, migrations=migrations, verdicts=verdicts, marks=marks), False

    def _later(self, kept: Kept, middle: int, heads: tuple[str, ...], first: First) -> Kept:
        """What comes after *middle*, in the second process."""
        with reads().noted() as opened:
            awaited = Schema(Awaited(self._settings.target_version, first, middle))
            new = self._captured(kept, middle, len(kept.headers), awaited)
            start = first.told.marks[middle]
            history = History((*(_ELSEWHERE,) * middle, *new), heads, kept.environment)
            assumptions = Assumptions(history, known=start.known)
            assumptions.starts_empty = True  # the first process knows
            nothing = replace(kept, verdicts=(), marks={}, starts_empty=True)
            found, asked = self._judged(nothing, middle, start, Watched(history), assumptions)
        if asked or any(p.kind == "import" for migration in new for p in migration.problems):
            raise Forgotten
        return Kept(
            migrations=new, verdicts=found.verdicts, marks=found.marks, reads=dict.fromkeys(opened)
        )

    def _captured(
        self, kept: Kept, start: int, stop: int, schema: Schema, *, is_part: bool = False
    ) -> tuple[Migration, ...]:
        scripts = _scripts(kept.headers[start:stop])
        return captured(scripts, self._location, kept.environment, schema, is_part=is_part)

    def _judge(
        self, watched: Watched, start: Mark, assumptions: Assumptions, walked: Walked
    ) -> Judge:
        return Judge(
            watched, self._rules, self._settings, session=start.session, assumptions=assumptions,
            walked=walked, notes=self._notes,
        )  # fmt: skip

    def _judged(
        self, kept: Kept, done: int, start: Mark, watched: Watched, assumptions: Assumptions,
        walked: Walked = MappingProxyType({}),
    ) -> tuple[Kept, bool]:  # fmt: skip
        """*kept* with the verdicts on what comes after the first *done* migrations.

        And whether a rule about steps has asked for the history as a whole.
        """
        if done and kept.starts_empty != assumptions.starts_empty:
            raise Forgotten
        judge = self._judge(watched, start, assumptions, walked)
        verdicts = list(kept.verdicts[:done])
        last = len(kept.headers)
        marks = {n: m for n, m in kept.marks.items() if n <= done and is_marked(n, last)}
        migrations = watched.history.migrations
        for number, migration in enumerate(migrations[done:], done + 1):
            verdicts.append(self._verdict(judge, migration))
            if self._store is not None and is_marked(number, last):
                marks[number] = Mark(judge.session, _NOWHERE, assumptions.known)
        found = replace(
            kept, migrations=migrations, verdicts=tuple(verdicts), marks=marks,
            starts_empty=assumptions.starts_empty,
        )  # fmt: skip
        return found, watched.asked

    def _verdict(self, judge: Judge, migration: Migration) -> Verdict | None:
        if not self._is_wanted(migration):
            judge.pass_over(migration)
            return None
        verdict = judge.verdict(migration)
        if not judge.is_along(migration):
            raise Forgotten  # a downgrade made something that an upgrade ahead took for given
        return verdict

    def _is_wanted(self, migration: Migration) -> bool:
        return self._only(migration) and not is_excluded(migration.path, self._settings)

    def _reported(self, history: History, verdicts: Sequence[Verdict | None]) -> Report:
        judged, found = [], []
        for migration, verdict in zip(history.migrations, verdicts, strict=True):
            if self._is_wanted(migration):
                if verdict is None:
                    raise Forgotten
                judged.append(migration)
                found.append(verdict)
        whole = with_edits(history, self._released)
        return reported(whole, judged, found, self._rules, self._settings)

    def _with_surroundings(self, after: Kept, before: Kept, opened: Iterable[str]) -> Kept:
        """*after* with the files outside the history on which it depends."""
        files = {**before.reads, **{path: file_digest(path) for path in sorted(opened)}}
        return replace(after, reads=files, folders=surroundings(self._location.folders))


def _scripts(headers: Sequence[Header]) -> list[Script]:
    """The scripts that *headers* stand for, with the ids that these have resolved."""
    return [
        header
        if isinstance(header, Script)
        else replace(
            read_script(header.path),
            down_revisions=header.down_revisions,
            depends_on=header.depends_on,
        )
        for header in headers
    ]


def _common(before: Sequence[object], now: Sequence[object]) -> int:
    """How many entries at their beginning are the same."""
    pairs = zip(before, now, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(before), len(now)))
