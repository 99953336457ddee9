"""One migration run against the tape, in both directions."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from difflib import SequenceMatcher
from typing import Any, cast

import alembic.op
from alembic.config import Config
from alembic.ddl.impl import DefaultImpl
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from migsafe.capture.chance import chances
from migsafe.capture.deadline import Expired, deadline
from migsafe.capture.dialect import capture_engine
from migsafe.capture.guards import Guard, Refused
from migsafe.capture.imports import Imports, completed, first_line, importing
from migsafe.capture.isolation import Footing, swapped
from migsafe.capture.location import Location
from migsafe.capture.model import Environment, Migration, Problem, Step
from migsafe.capture.operations import operations
from migsafe.capture.placeholders import Options, Placeholder
from migsafe.capture.recorder import STATEMENT_LIMIT, Recorder, TooManyStatements
from migsafe.capture.schema import Schema, version_table
from migsafe.capture.script import Script
from migsafe.values import replace

_MESSAGE = 200
"""Characters of a foreign message that are shown."""
_PATIENCE = 3
"""So many times the limit is allowed to imports, once: an application may be large."""


class Replay:
    """Runs migrations; the engine and Alembic's configuration are shared between them."""

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
        self._engine, self._dialect = capture_engine(major)
        self._dialect.version_table = version_table(environment.version_table, major)
        self._environment = environment
        self._version_table = _remembered(DefaultImpl.version_table_impl)
        self._config = Config(str(location.ini) if location.ini else None)
        folder = location.script_location or location.versions[0].parent
        self._config.set_main_option("script_location", str(folder).replace("%", "%%"))
        self._scripts = ScriptDirectory(
            str(folder), version_locations=[str(path) for path in location.versions]
        )

    def migration(self, script: Script, schema: Schema) -> Migration:
        """Capture both directions of *script*; *schema* moves on to the state after its upgrade."""
        up, up_problems = self._direction(script, "upgrade", schema)
        for step in up:
            schema.add(step.statement)
        down, down_problems = self._direction(script, "downgrade", schema)
        return Migration(
            revision=script.revision,
            down_revisions=script.down_revisions,
            path=script.path,
            upgrade=up,
            downgrade=down,
            depends_on=script.depends_on,
            branch_labels=script.branch_labels,
            doc=script.doc,
            has_downgrade="downgrade" in script.functions,
            problems=_unique((*up_problems, *down_problems, *chances(script.source))),
        )

    def _direction(
        self, script: Script, direction: str, schema: Schema
    ) -> tuple[tuple[Step, ...], tuple[Problem, ...]]:
        if direction not in script.functions:
            return (), ()
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
        """Run once, and again for as long as another import has to be replaced."""
        limit = self._time_limit
        while True:
            before = frozenset(sys.modules)
            recorder = Recorder(
                script.source,
                direction,
                schema.copy(),
                found=found,
                begins_again=self._environment.driver == "psycopg",
            )
            error = self._attempt(script, direction, recorder, limit)
            if error is None:
                break
            self._imports.forget_orphans(before)
            if isinstance(error, Expired) and limit == self._time_limit and importing(error):
                limit *= _PATIENCE
            elif not completed(error) and not self._imports.replace_failed(script.source, error):
                break
        for problem in self._imports.problems(script.source, direction):
            recorder.problem(problem.kind, problem.message, problem.line)
        if isinstance(error, Expired | TooManyStatements):
            recorder.forget_repetitions()
        if error is not None:
            _explain(recorder, script, error, limit)
        return recorder

    def _attempt(
        self, script: Script, direction: str, recorder: Recorder, limit: float
    ) -> BaseException | None:
        self._dialect.recorder = recorder
        try:
            with (
                self._prepared(recorder),
                self._guard.watching(recorder),
                deadline(limit),
            ):
                module = self._imports.load(script)
                function = getattr(module, direction)
                function(**_arguments(function))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # asyncio's CancelledError is no Exception either
            return error
        finally:
            self._dialect.recorder = None
            self._footing.restore()
        return None

    @contextmanager
    def _prepared(self, recorder: Recorder) -> Iterator[None]:
        context = EnvironmentContext(self._config, self._scripts, fn=_nothing)
        with warnings.catch_warnings(), context, self._engine.connect() as connection:
            warnings.simplefilter("ignore")
            with swapped(DefaultImpl, version_table_impl=self._version_table):
                context.configure(connection=connection, target_metadata=self._metadata())
            migrating = context.get_context()
            migrating.opts = Options(migrating.opts)
            migrating.begin_transaction()
            with operations(migrating, recorder, self._environment.imports):
                yield

    def _metadata(self) -> Any:
        from sqlalchemy import MetaData

        naming = dict(self._environment.naming)
        return MetaData(naming_convention=cast(Any, naming)) if naming else MetaData()


def _nothing(*args: object) -> Any:
    """What Alembic would run; the replay calls the migration itself."""
    return []


def _remembered(original: Callable[..., Any]) -> Callable[..., Any]:
    """*original*, which makes the same table for every context, at the cost of a migration."""
    made: dict[object, Any] = {}

    def version_table(impl: Any, **keywords: Any) -> Any:
        key = tuple(sorted(keywords.items()))
        if key not in made:
            made[key] = original(impl, **keywords)
        return made[key]

    return version_table


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


def _unique(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """*problems* without those that only repeat another for the second direction."""
    seen: dict[tuple[object, ...], Problem] = {}
    for problem in problems:
        seen.setdefault((problem.kind, problem.message, problem.line), problem)
    return tuple(seen.values())


def _explain(recorder: Recorder, script: Script, error: BaseException, limit: float) -> None:
    """Turn what ended a run into a problem at the author's line."""
    line = _line(script, error) or script.source.function_line(recorder.direction)
    if isinstance(error, Expired):
        recorder.problem("timeout", f"it did not end within {limit:g} seconds", line)
    elif isinstance(error, TooManyStatements):
        message = f"it did not end within {STATEMENT_LIMIT} statements"
        recorder.problem("timeout", message, line)
    elif recorder.direction == "downgrade" and _on_purpose(script, error, line):
        recorder.problem("irreversible", f"raises {_said(error)}", line)
    elif isinstance(error, Refused):
        recorder.problem("error", f"what follows is not known: {error}", line)
    else:
        recorder.problem("error", f"stops with {_said(error)}", line)


def _failed(recorder: Recorder) -> bool:
    return any(problem.kind in ("error", "timeout") for problem in recorder.problems)


def _said(error: BaseException) -> str:
    """The first line of a message, without what differs from run to run."""
    text = first_line(error)
    if text.startswith("Can't emit DROP CONSTRAINT"):
        return "an error: drop_constraint() needs the name of the constraint"
    text = re.sub(r"<[^<>]* at 0x[0-9a-f]+[^<>]*>", "…", text)
    text = text if len(text) <= _MESSAGE else text[:_MESSAGE] + "…"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _frames(script: Script, error: BaseException) -> Iterator[tuple[int, str, bool]]:
    """Lines of the file in the traceback of *error*, the function, and whether it ends there."""
    traceback = error.__traceback__
    while traceback is not None:
        code: types.CodeType = traceback.tb_frame.f_code
        if code.co_filename == script.source.filename:
            yield traceback.tb_lineno, code.co_name, traceback.tb_next is None
        traceback = traceback.tb_next


def _line(script: Script, error: BaseException) -> int | None:
    lines = [line for line, _, _ in _frames(script, error)]
    return lines[-1] if lines else None


def _on_purpose(script: Script, error: BaseException, line: int) -> bool:
    """Whether downgrade() itself, or a helper in its file, raises *error* with a ``raise``."""
    frames = list(_frames(script, error))
    if not frames or not frames[-1][2] or all(name != "downgrade" for _, name, _ in frames):
        return False
    raises = (n for n in ast.walk(script.source.tree) if isinstance(n, ast.Raise))
    return any(n.lineno <= line <= (n.end_lineno or n.lineno) for n in raises)
