"""What a check finds: the report, and the verdict on one migration that it is made of."""

from __future__ import annotations

from collections.abc import Sequence

from migsafe.check.ignores import Ignore
from migsafe.rule import Finding, Severity
from migsafe.values import dataclass


@dataclass(frozen=True)
class Coverage:
    """How much was understood: *unknown* of *statements* could not be judged.

    *stand_ins* counts the revisions that import a module which is not there, as MS705 tells: what
    they do may depend on it.
    """

    revisions: int = 0
    statements: int = 0
    unknown: int = 0
    stand_ins: int = 0

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(
            self.revisions + other.revisions,
            self.statements + other.statements,
            self.unknown + other.unknown,
            self.stand_ins + other.stand_ins,
        )


@dataclass(frozen=True)
class Report:
    """What a check found, and how much it could read; *ignored* findings were accepted inline."""

    findings: tuple[Finding, ...]
    coverage: Coverage
    ignored: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, reports: Sequence[Report]) -> Report:
        """Several histories' *reports* as one."""
        return cls(
            tuple(finding for report in reports for finding in report.findings),
            sum((report.coverage for report in reports), Coverage()),
            tuple(finding for report in reports for finding in report.ignored),
        )

    def at_least(self, severity: Severity) -> Report:
        """The same without findings that are less grave than *severity*."""
        kept = tuple(f for f in self.findings if f.severity.rank <= severity.rank)
        return Report(kept, self.coverage, self.ignored)


@dataclass(frozen=True)
class Verdict:
    """What the rules say about one migration, before ignores, baseline and severities."""

    findings: tuple[Finding, ...]
    coverage: Coverage
    ignores: tuple[Ignore, ...]
