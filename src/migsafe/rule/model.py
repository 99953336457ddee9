"""What a rule is: a danger, judged from effects, with the examples that prove it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from migsafe.capture.model import Frame, History, Migration, Step
from migsafe.catalog import Catalog
from migsafe.effects import Effects
from migsafe.names import Name
from migsafe.rule.described import Described
from migsafe.session import Session
from migsafe.values import dataclass

if TYPE_CHECKING:
    from migsafe.stats.durations import Estimate


class Severity(Enum):
    """How much a finding matters.

    ERROR takes others down, loses data or breaks the deployment; WARNING depends on size or
    traffic; INFO concerns downgrades and style and is not shown unless asked for.
    """

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return _GRAVEST_FIRST.index(self)


_GRAVEST_FIRST = tuple(Severity)


@dataclass(frozen=True)
class Context:
    """What a rule may look at besides the step and its effects.

    Attributes:
        session: the state before the step: catalog, settings, locks its transaction holds.
        after: the catalog behind the step.
        migration, direction: where the step stands; direction is ``upgrade`` or ``downgrade``.
        earlier: steps of the same migration and direction before this one, with their effects.
        later: steps of the same migration and direction after this one.
        history: all migrations, and what env.py says.
        start: the catalog before the first step of this direction.
        other_end: of a downgrade, the catalog before the upgrade that it undoes.
        number: the number of the transaction the step runs in, None in autocommit.
    """

    session: Session
    after: Catalog
    migration: Migration
    direction: str
    history: History
    earlier: tuple[tuple[Step, Effects], ...] = ()
    later: tuple[Step, ...] = ()
    start: Catalog | None = None
    other_end: Catalog | None = None
    number: int | None = 0

    @property
    def catalog(self) -> Catalog:
        """The catalog before the step."""
        return self.session.catalog

    def knew_column(self, table: Name, column: str) -> bool:
        """Whether running code may use *column*: the migration did not add it itself."""
        found = self.start.table(table) if self.start else None
        return found is None or bool(found.unknown) or found.column(column) is not None

    @property
    def same_transaction(self) -> tuple[tuple[Step, Effects], ...]:
        """The earlier steps whose locks are still held when this step runs."""
        return (
            ()
            if self.session.transaction is None
            else tuple(
                (step, effects)
                for step, effects in self.earlier
                if not step.autocommit and step.transaction == self.number
            )
        )


@dataclass(frozen=True)
class Finding:
    """One danger at one line of one migration.

    *fingerprint* stays the same when lines move: rule, revision, statement and message. *estimate*
    says how long the statement takes, where the sizes of tables are known.
    """

    rule: str
    name: str
    severity: Severity
    message: str
    file: Path
    line: int
    end_line: int
    revision: str | None = None
    direction: str = "upgrade"
    remedy: str | None = None
    effects: Effects | None = None
    via: tuple[Frame, ...] = ()
    estimate: Estimate | None = None
    fingerprint: str = field(default="", compare=False)


class Rule(Described, is_kind=True):
    """One danger. A subclass in its own file under `migsafe.rules` is all there is to a rule.

    The class name, the file name and the rule's name are one spelling (`BlockingIndexBuild`,
    ``blocking_index_build.py``, ``blocking-index-build``). The docstring is the documentation
    page: its first line says the danger in one sentence.

    Class attributes:
        code: ``MSnnn``, stable and never reused.
        severity: the severity in an upgrade.
        downgrade_severity: the severity in a downgrade.
        grows: whether the danger grows with the tables that the statement works on, so that there
            is next to none when these are small.
        looks_at: the kinds of statements, and of actions of ALTER TABLE, that `check` can speak
            about, so that it is not asked about others; all of them when none is named.
        setup: SQL that makes the examples' tables, on top of `migsafe.rules.EXAMPLE_SCHEMA`.
        bad, good: bodies of ``upgrade()`` on which the rule speaks and on which it is silent.
        safe_way: the remedy, when it does not depend on the statement (see `remedy`).
    """

    severity: ClassVar[Severity] = Severity.ERROR
    downgrade_severity: ClassVar[Severity] = Severity.INFO
    grows: ClassVar[bool] = False
    setup: ClassVar[str] = ""
    looks_at: ClassVar[tuple[type, ...]] = ()

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        """Yield one message for each danger of *step*: a fact in the present tense."""
        yield from ()

    def check_migration(self, context: Context) -> Iterator[tuple[int, str]]:
        """Yield (line, message) for dangers of a migration's direction as a whole.

        *context* describes the end of the direction: `session` is the state after the last step,
        *earlier* holds all steps.
        """
        yield from ()

    def check_history(self, history: History) -> Iterator[tuple[Migration | None, int, str]]:
        """Yield (migration, line, message) for dangers of the chain as a whole."""
        yield from ()

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        """The safe way as Alembic code with the user's own names, or in words."""
        return self.safe_way
