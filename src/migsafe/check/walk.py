"""One direction of one migration: the state, the effects and the context of each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from migsafe.capture.model import History, Migration, Step
from migsafe.catalog import Catalog, Rows
from migsafe.catalog.marks import Kind
from migsafe.check.assumed import Assumptions
from migsafe.effects import Effects, advance, begin, commit, predict, run_inside
from migsafe.rule import Context
from migsafe.session import Session
from migsafe.sql.ast import Do, Unrecognised
from migsafe.values import Same, dataclass, replace

EffectsOf = Callable[[Step, Session], Effects]
Judged = tuple[Step, Effects, Context]


def predicted(step: Step, session: Session) -> Effects:
    """Effects of a step without a server."""
    return predict(step.statement, session)


@dataclass(frozen=True)
class Walk:
    """The *states* around each step, and the context of the end as a *whole*."""

    states: tuple[tuple[Session, Catalog], ...]
    whole: Context

    @property
    def end(self) -> Session:
        """The session after the last step."""
        return self.whole.session

    @property
    def unknown(self) -> int:
        """How many steps could not be understood."""
        return sum([_is_unknown(step, effects) for step, effects in self.whole.earlier])

    @property
    def contexts(self) -> Iterator[Judged]:
        """Each step with its effects and context; made anew, as together they take much room."""
        steps = tuple([step for step, _ in self.whole.earlier])
        for number, (before, after) in enumerate(self.states):
            step, effects = self.whole.earlier[number]
            yield step, effects, replace(
                self.whole, session=before, after=after, earlier=self.whole.earlier[:number],
                later=steps[number + 1 :], number=step.transaction,
            )  # fmt: skip

    @property
    def inner(self) -> Iterator[Judged]:
        """The statements inside DO blocks, which are judged like steps."""
        if any(isinstance(step.statement, Do) for step, _ in self.whole.earlier):
            for step, _, context in self.contexts:
                yield from _inside(step, context)


def walk(
    migration: Migration,
    direction: str,
    start: Session,
    history: History,
    effects_of: EffectsOf,
    assumptions: Assumptions,
    *,
    undone: Session | None = None,
) -> Walk:
    """Go through one direction of *migration*; *undone* is the state before its upgrade."""
    steps: tuple[Step, ...] = getattr(migration, direction)
    session = assumptions.admit(_deployed(Same(start, None)), migration, direction)
    first = session.catalog
    done: list[tuple[Step, Effects]] = []
    states: list[tuple[Session, Catalog]] = []
    for position, step in enumerate(steps):
        session = _in_transaction(session, step, done)
        if direction == "upgrade":
            session = assumptions.complete(session, step, steps[position + 1 :])
        effects = effects_of(step, session)
        after = advance(session, step.statement, effects, autocommit=step.autocommit)
        assumptions.note_change(session.catalog, step.statement, after.catalog)
        done.append((step, effects))
        states.append((session, after.catalog))
        session = after
    end = commit(session)
    whole = Context(
        end, end.catalog, migration, direction, history, tuple(done), start=first,
        other_end=undone.catalog if undone else None,
    )  # fmt: skip
    return Walk(tuple(states), whole)


@lru_cache(maxsize=1)
def _deployed(start: Same[Session, None]) -> Session:
    """The session at the start of a migration: the application may have filled every table.

    A downgrade starts where the next upgrade does.
    """
    session = commit(start.value)
    empty = session.catalog.marked("tables", Kind.EMPTY)
    if not empty:
        return session
    filled = [replace(table, rows=Rows.UNKNOWN) for table in empty]
    return replace(session, catalog=session.catalog.with_tables(filled))


def _in_transaction(
    session: Session, step: Step, earlier: Sequence[tuple[Step, Effects]]
) -> Session:
    """The session as *step* meets it: outside of transactions, in a new one, or in an open one."""
    if step.autocommit:
        return commit(session)
    if earlier and earlier[-1][0].transaction != step.transaction:
        session = commit(session)
    if not earlier or earlier[-1][0].transaction != step.transaction:
        return begin(session)
    return session


def _inside(step: Step, context: Context) -> Iterator[Judged]:
    """The statements of a DO block, one after the other."""
    if not isinstance(step.statement, Do):
        return
    earlier = list(context.earlier)
    run = list(run_inside(step.statement, context.session))
    steps = [replace(step, sql=p.sql, statement=p.statement, conditional=True) for p, _, _ in run]
    for number, (nested, (parsed, effects, session)) in enumerate(zip(steps, run, strict=True), 1):
        after = advance(session, parsed.statement, effects, autocommit=False)
        own = replace(
            context, session=session, after=after.catalog, earlier=tuple(earlier),
            later=(*steps[number:], *context.later),
        )  # fmt: skip
        yield nested, effects, own
        yield from _inside(nested, own)
        earlier.append((nested, effects))


def _is_unknown(step: Step, effects: Effects) -> bool:
    if isinstance(step.statement, Unrecognised):
        return True
    return effects.unknown is not None and not Assumptions.is_reason(effects.unknown)
