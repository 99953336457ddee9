"""What ended a run before its time, as a problem at the author's line."""

from __future__ import annotations

import ast
import re
import types
from collections.abc import Iterator

from migsafe.capture.deadline import Expired
from migsafe.capture.guards import Refused
from migsafe.capture.imports import first_line
from migsafe.capture.recorder import STATEMENT_LIMIT, Recorder, TooManyStatements
from migsafe.capture.script import Script

_MESSAGE = 200
"""Characters of a foreign message that are shown."""


def explain(recorder: Recorder, script: Script, error: BaseException, limit: float) -> None:
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
