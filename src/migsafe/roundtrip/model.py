"""What a round trip found, revision by revision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

AGAIN = "after the second upgrade: "
"""How a difference begins that the second upgrade makes, and not the downgrade."""


@dataclass(frozen=True)
class Result:
    """One revision's trip.

    Attributes:
        up: ``ok`` or ``error``.
        down: ``ok``, ``error``, ``irreversible`` (it says so by NotImplementedError), or None when
            the upgrade failed.
        restored: ``exact``, ``benign`` (the schemas do the same), ``no``, or None.
        reup: ``ok`` or ``error`` for the second upgrade, or None when it was not tried.
        differences: what the downgrade left behind or did not restore, and what the second
            upgrade made otherwise than the first, in words.
        benign: differences that nobody would mind.
        data_loss: which data did not survive.
        accepted: which did not either, and the migration says that this is known.
        data_error: a step that works in an empty database fails once tables hold rows.
        by_data: steps that may fail, by what the tables hold; no finding.
        error: the first error's message.
        notes: what else is worth knowing; no finding.
        seconds: wall time of all three steps.
        needs: the revisions that come directly before it, and those that it depends on.
    """

    revision: str
    file: Path
    up: str
    down: str | None = None
    restored: str | None = None
    reup: str | None = None
    differences: tuple[str, ...] = ()
    benign: tuple[str, ...] = ()
    data_loss: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    data_error: str | None = None
    by_data: tuple[str, ...] = ()
    error: str | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    needs: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether this revision is a finding."""
        wrong = "error" in (self.up, self.down, self.reup)
        return wrong or bool(self.differences or self.data_loss or self.data_error)

    def without_second(self) -> Result:
        """What it would be if nobody had looked at the second upgrade."""
        first = tuple(d for d in self.differences if not d.startswith(AGAIN))
        error = None if self.reup == "error" else self.error
        return replace(self, reup=None, differences=first, error=error)

    def problems(self, check: str) -> tuple[str, ...]:
        """What *check* finds: ``upgrade``, ``downgrade``, ``re-upgrade`` or ``data``."""
        second = tuple(d for d in self.differences if d.startswith(AGAIN))
        first = tuple(d for d in self.differences if not d.startswith(AGAIN))
        error = (self.error or "",)
        found = {
            "upgrade": error if self.up == "error" else (),
            "downgrade": error if self.down == "error" else first,
            "re-upgrade": error if self.reup == "error" else second,
            "data": (*filter(None, [self.data_error]), *self.data_loss),
        }
        return found[check]


@dataclass(frozen=True)
class Verdict:
    """What a check of the whole history says.

    Attributes:
        name: of the check, one of `migsafe.roundtrip.checks.CHECKS`.
        result: ``ok``, ``failed`` or ``not applicable``.
        problems: in words; for a check that is not applicable the reason.
        seconds: wall time.
    """

    name: str
    result: str
    problems: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether it is a finding."""
        return self.result == "failed"


@dataclass(frozen=True)
class Summary:
    """Counts over a trip; *untried* revisions stand behind one that could not be upgraded.

    *checks* are those of the whole history that failed.
    """

    revisions: int
    failed: int
    irreversible: int
    benign: int
    untried: int
    checks: int = 0

    @classmethod
    def of(
        cls, results: Iterable[Result], untried: int = 0, verdicts: Iterable[Verdict] = ()
    ) -> Summary:
        """Count *results*."""
        found = tuple(results)
        return cls(
            revisions=len(found),
            failed=sum(result.failed for result in found),
            irreversible=sum(result.down == "irreversible" for result in found),
            benign=sum(result.restored == "benign" for result in found),
            untried=untried,
            checks=sum(verdict.failed for verdict in verdicts),
        )

    @property
    def clean(self) -> bool:
        """Whether there is nothing to mend."""
        return not (self.failed or self.checks)


@dataclass(frozen=True)
class Trip:
    """A whole history's round trip on PostgreSQL *major*."""

    results: tuple[Result, ...]
    major: int
    untried: tuple[str, ...] = ()
    checks: tuple[Verdict, ...] = ()

    @property
    def summary(self) -> Summary:
        """Counts over all results."""
        return Summary.of(self.results, len(self.untried), self.checks)
