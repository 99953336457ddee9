"""One migration run against the tape, in both directions."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from difflib import SequenceMatcher
from typing import Any

import alembic.op

from migsafe.capture.deadline import Alarm, Expired
from migsafe.capture.endings import explain
from migsafe.capture.guards import Guard
from migsafe.capture.imports import Imports, importing
from migsafe.capture.isolation import Footing
from migsafe.capture.location import Location
from migsafe.capture.model import Environment, Problem, Step
from migsafe.capture.placeholders import Placeholder
from migsafe.capture.recorder import Recorder, TooManyStatements
from migsafe.capture.schema import Schema
from migsafe.capture.script import Script
from migsafe.capture.stage import Stage
from migsafe.capture.tolerance import may_help, tolerated
from migsafe.values import replace

_PATIENCE = 3
"""So many times the limit is allowed to imports, once: an application may be large."""


class Replay:
    """Runs migrations, when it is entered; they share a stage, and what watches them."""

    def __init__(
        self,
        location: Location,
        environment: Environment,
        imports: Imports,
        guard: Guard,
        *,
        major: int,
        time_limit: float,
    ):
        self._imports = imports
        self._guard = guard
        self._time_limit = time_limit
        self._footing = Footing(location.root)
        self._begins_again = environment.driver == "psycopg"
        self._stage = Stage(location, environment, major=major)
        self._alarm = Alarm()
        self._entered = ExitStack()

    def __enter__(self) -> Replay:
        shared: tuple[Any, ...] = (self._guard.in_place(), self._stage, self._alarm)
        for one in shared:
            self._entered.enter_context(one)
        return self

    def __exit__(self, *error: object) -> None:
        self._entered.close()

    @property
    def is_listened_to(self) -> bool:
        """Whether code of the project listens to SQLAlchemy's events."""
        return self._stage.is_listened_to

    def direction(
        self, script: Script, direction: str, schema: Schema
    ) -> tuple[tuple[Step, ...], tuple[Problem, ...]]:
        """What *direction* of *script* sends on *schema*, which stays as it is."""
        first = self._run(script, direction, schema, found=False)
        if not first.reads:
            return tuple(first.steps), tuple(first.problems)
        second = self._run(script, direction, schema, found=True)
        if _failed(first) and not _failed(second):
            # It cannot run on an empty database, so what needs rows is not conditional.
            return tuple(second.steps), tuple(second.problems)
        steps = merged(first.steps, second.steps)
        refused = [p for p in second.problems if p.kind == "nondeterministic"]
        problems = [*first.problems, *(p for p in refused if p not in first.problems)]
        if any(step.conditional for step in steps):
            message = "which statements run depends on the result of a query"
            line = first.reads[0]
            problems.append(Problem("reads", message, script.path, line, direction))
        return steps, tuple(problems)

    def _run(self, script: Script, direction: str, schema: Schema, *, found: bool) -> Recorder:
        """Run once, and again for as long as something can be done about what ended it."""
        limit, tolerant = self._time_limit, False
        while True:
            before = list(sys.modules)
            recorder = Recorder(
                script.source,
                direction,
                schema.copy(),
                found=found,
                begins_again=self._begins_again,
            )
            error = self._attempt(script, direction, recorder, limit, tolerant=tolerant)
            if error is None:
                break
            self._imports.forget_orphans(before)
            if isinstance(error, Expired) and limit == self._time_limit and importing(error):
                limit *= _PATIENCE
            elif self._imports.complete(error) or self._imports.replace_failed(
                script.source, error
            ):
                continue
            elif tolerant or not may_help(error):
                break
            else:
                tolerant = True
        for problem in self._imports.problems(script.source, direction):
            recorder.problem(problem.kind, problem.message, problem.line)
        if isinstance(error, Expired | TooManyStatements):
            recorder.forget_repetitions()
        if error is not None:
            explain(recorder, script, error, limit)
        return recorder

    def _attempt(
        self,
        script: Script,
        direction: str,
        recorder: Recorder,
        limit: float,
        *,
        tolerant: bool,
    ) -> BaseException | None:
        try:
            with (
                self._stage.set_for(recorder),
                self._guard.watching(recorder),
                tolerated() if tolerant else nullcontext(),
                self._alarm.after(limit),
            ):
                module = self._imports.load(script)
                function = getattr(module, direction)
                function(**_arguments(function))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # asyncio's CancelledError is no Exception either
            return error
        finally:
            self._footing.restore()
        return None


def _arguments(function: Any) -> dict[str, Any]:
    """Arguments for a migration whose env.py passes some: ``op``, and placeholders."""
    code = getattr(function, "__code__", None)
    if code and not (
        code.co_argcount or code.co_kwonlyargcount or hasattr(function, "__wrapped__")
    ):
        return {}
    parameters = inspect.signature(function).parameters.values()
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {
        p.name: alembic.op if p.name == "op" else Placeholder(p.name)
        for p in parameters
        if p.kind in kinds and p.default is p.empty
    }


def merged(first: Sequence[Step], second: Sequence[Step]) -> tuple[Step, ...]:
    """The steps of both passes in order; those of the second alone are *conditional*."""
    matcher = SequenceMatcher(
        None, [_key(step) for step in first], [_key(step) for step in second], autojunk=False
    )
    steps: list[Step] = []
    for _, start, stop, other_start, other_stop in matcher.get_opcodes():
        steps += first[start:stop]
        known = {_key(step) for step in first[start:stop]}
        steps += (
            replace(step, conditional=True)
            for step in second[other_start:other_stop]
            if _key(step) not in known
        )
    return tuple(steps)


def _key(step: Step) -> tuple[object, ...]:
    return (step.sql, step.line, step.via)


def _failed(recorder: Recorder) -> bool:
    return any(problem.kind in ("error", "timeout") for problem in recorder.problems)
