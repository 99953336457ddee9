"""Checking what is new in a history, on top of what is kept of the last run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from migsafe.cache import Store, digest, file_digest, installation
from migsafe.capture.environment import read_environment
from migsafe.capture.graph import ordered
from migsafe.capture.history import captured, history_files
from migsafe.capture.location import Location
from migsafe.capture.model import History, Migration
from migsafe.capture.reads import reads
from migsafe.capture.schema import Schema
from migsafe.capture.script import Header, Script, read_script
from migsafe.catalog import Catalog
from migsafe.check.assumed import Assumptions
from migsafe.check.judging import Judge, reported
from migsafe.check.model import Report, Verdict
from migsafe.check.released import with_edits
from migsafe.check.selection import chosen, is_excluded
from migsafe.check.state import Forgotten, Kept, Mark, Watched, from_bytes, to_bytes
from migsafe.config import Settings
from migsafe.printed import is_fresh, surroundings
from migsafe.rule import Rule
from migsafe.session import Session
from migsafe.values import replace


def check_kept(
    location: Location,
    rules: Sequence[Rule],
    settings: Settings,
    store: Store,
    *,
    only: Callable[[Migration], bool],
    released: Mapping[Path, str] | None = None,
    digests: Mapping[str, str | None] | None = None,
) -> Report:
    """As `check` of the captured history, but only what is new is captured and judged.

    *digests* are those of files that have just been read, by path. Raises what `capture` and
    `check` raise.
    """
    check = _Check(location, chosen(rules, settings), settings, only, released or {}, digests or {})
    found = store.get(check.key)
    kept = from_bytes(found) if found else None
    if kept is not None and is_fresh(kept.reads, kept.folders):
        with suppress(Forgotten):
            return check.run(kept, store)
    return check.run(_nothing(settings), store)


def _nothing(settings: Settings) -> Kept:
    """What is kept of a history that nobody has seen."""
    catalog = Catalog.empty(settings.target_version)
    return Kept(marks={0: Mark(Session(catalog), Schema(catalog), frozenset())})


class _Check:
    def __init__(
        self,
        location: Location,
        rules: Sequence[Rule],
        settings: Settings,
        only: Callable[[Migration], bool],
        released: Mapping[Path, str],
        digests: Mapping[str, str | None],
    ):
        self._location = location
        self._rules = rules
        self._settings = settings
        self._only = only
        self._released = released
        self._digests = digests
        named = sorted(f"{type(rule).__module__} {rule.code}" for rule in rules)
        whole = replace(location, selected=())
        self.key = digest("state", installation(), whole, named, settings.target_version)

    def run(self, kept: Kept, store: Store) -> Report:
        """Check on top of *kept*; raises Forgotten when it does not fit this history."""
        with reads().noted() as opened:
            headers, digests = _headers(self._location, kept, self._digests)
            run, heads = ordered(headers)
            environment = read_environment(self._location)
            files = tuple((str(header.path), digests[header.path]) for header in run)
            same = _common(kept.files, files) if kept.environment == environment else 0
            done = max((number for number in kept.marks if number <= same), default=-1)
            if done < 0:
                raise Forgotten
            start = kept.marks[done]
            new = captured(_scripts(run[done:]), self._location, environment, start.schema.copy())
            history = History((*kept.migrations[:done], *new), heads, environment)
            after = replace(
                kept, files=files, headers=run, migrations=history.migrations,
                environment=environment,
            )  # fmt: skip
            after, watched = self._judged(after, done, start, history)
            report = self._reported(history, after.verdicts)
        if new and not watched.asked:
            others = opened - {str(path) for path in digests}
            store.put(self.key, to_bytes(self._with_surroundings(after, kept, others)))
        return report

    def _judged(self, kept: Kept, done: int, start: Mark, history: History) -> tuple[Kept, Watched]:
        """*kept* with the verdicts on what comes after the first *done* migrations."""
        assumptions = Assumptions(history, known=start.known)
        if done and kept.starts_empty != assumptions.starts_empty:
            raise Forgotten
        watched = Watched(history)
        judge = Judge(
            watched, self._rules, self._settings, session=start.session, assumptions=assumptions
        )
        verdicts = list(kept.verdicts[:done])
        last = len(history.migrations)
        marks = {n: m for n, m in kept.marks.items() if n <= done and _is_marked(n, last)}
        schema = start.schema.snapshot()
        for number, migration in enumerate(history.migrations[done:], done + 1):
            verdicts.append(self._verdict(judge, migration))
            for step in migration.upgrade:
                schema.add(step.statement)
            if _is_marked(number, last):
                marks[number] = Mark(judge.session, schema.snapshot(), assumptions.known)
        found = replace(
            kept, verdicts=tuple(verdicts), marks=marks, starts_empty=assumptions.starts_empty
        )
        return found, watched

    def _verdict(self, judge: Judge, migration: Migration) -> Verdict | None:
        if self._is_wanted(migration):
            return judge.verdict(migration)
        judge.pass_over(migration)
        return None

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


def _headers(
    location: Location, kept: Kept, read: Mapping[str, str | None]
) -> tuple[list[Header], dict[Path, str]]:
    """The header of every file, read only where it is not among what is *kept*; the digests."""
    known = dict(zip(kept.files, kept.headers, strict=True))
    headers, digests = [], {}
    for path in history_files(location):
        name = str(path)
        digests[path] = read.get(name) or file_digest(path) or ""
        headers.append(known.get((name, digests[path])) or read_script(path))
    return headers, digests


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


def _is_marked(number: int, last: int) -> bool:
    """Whether the state behind *number* of *last* migrations is kept.

    The nearer to the end, the more often: it is the newest migrations that are still edited.
    """
    distance = last - number
    return distance & (distance - 1) == 0 or number == 0
