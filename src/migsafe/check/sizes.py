"""Severities and messages that know how large the tables are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from migsafe.config import Settings
from migsafe.effects import Effects
from migsafe.locks import LockMode
from migsafe.names import Name
from migsafe.rule import Finding, Rule, Severity
from migsafe.values import replace

if TYPE_CHECKING:
    from migsafe.stats import Estimate, Stats

_CANNOT_CONVERT = "22"  # the class of the errors that values raise, whatever the table's size


def sized(findings: Sequence[Finding], rules: Iterable[Rule], settings: Settings) -> list[Finding]:
    """*findings* with what the statistics of *settings* say; the same when there are none.

    A finding of a rule that `grows` gets the time that the statement takes. It is a note when all
    tables are smaller than ``small``, and an error when one is as large as ``large``. Raises
    ConfigError when the statistics cannot be read.
    """
    if settings.stats is None:
        return list(findings)
    from migsafe.stats import load_stats

    folder = settings.path.parent if settings.path else Path.cwd()
    stats = load_stats(folder / settings.stats)
    growing = {rule.code for rule in rules if rule.grows}
    return [_sized(finding, stats, settings, growing) for finding in findings]


def _sized(finding: Finding, stats: Stats, settings: Settings, growing: set[str]) -> Finding:
    from migsafe.stats import estimate

    effects = finding.effects
    if effects is None:
        return finding
    time = estimate(effects, stats, _changed(effects, stats)) if finding.rule in growing else None
    said = [*_taking(time), *_used(effects, stats)]
    if not said:
        return finding
    message = "; ".join([finding.message, *said])
    severity = _severity(finding, time, settings) if time else finding.severity
    return replace(finding, message=message, severity=severity, estimate=time)


def _changed(effects: Effects, stats: Stats) -> Iterator[Name]:
    """The tables of an UPDATE or DELETE, which reads them in full or by what index it likes."""
    works = effects.scans | effects.rewrites | effects.builds
    for name, modes in effects.locks.items():
        if LockMode.ROW_EXCLUSIVE in modes and stats.of(name) and (name in works or not works):
            yield name


def _severity(finding: Finding, time: Estimate, settings: Settings) -> Severity:
    if any(settings.large.is_reached(table.bytes, table.rows) for table in time.tables):
        return Severity.ERROR if finding.severity is Severity.WARNING else finding.severity
    fails = finding.effects.fails if finding.effects else None
    if fails is not None and fails.sqlstate.startswith(_CANNOT_CONVERT):
        return finding.severity
    if any(_is_not_small(table.bytes, table.rows, settings) for table in time.tables):
        return finding.severity
    return Severity.INFO


def _is_not_small(bytes_: int, rows: int | None, settings: Settings) -> bool:
    unknown = settings.small.rows is not None and rows is None
    return unknown or settings.small.is_reached(bytes_, rows)


def _taking(time: Estimate | None) -> Iterator[str]:
    if time is None:
        return
    rows = "" if time.rows is None else f"about {time.rows:,} rows in "
    yield (
        f"with {rows}{_size(time.bytes)} that takes about {_duration(time.seconds)} "
        f"({_duration(time.least)} to {_duration(time.most)})"
    )


def _used(effects: Effects, stats: Stats) -> Iterator[str]:
    """How often others use each table that the statement keeps them from, once a second or more."""
    if not stats.seconds:
        return
    for name, kinds in sorted(effects.blocks().items()):
        table = stats.of(name)
        reads = table.reads / stats.seconds if table and "reads" in kinds else 0
        writes = table.writes / stats.seconds if table and "writes" in kinds else 0
        rates = [(reads, "reads"), (writes, "written rows")]
        told = [f"{rate:,.0f} {what}" for rate, what in rates if rate >= 1]
        if told:
            yield f"{name.display()} has {' and '.join(told)} a second"


def _size(bytes_: float) -> str:
    units = ["TB", "GB", "MB", "kB", "B"]
    while bytes_ >= 1000 and len(units) > 1:
        bytes_ /= 1000
        units.pop()
    digits = 1 if bytes_ < 10 and units[-1] != "B" else 0
    return f"{bytes_:.{digits}f} {units[-1]}"


def _duration(seconds: float) -> str:
    if seconds < 0.1:
        return "no time"
    if seconds < 10:
        return f"{seconds:.1f} s"
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min")):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 3600:.1f} h"
