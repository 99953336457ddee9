"""A connection of SQLAlchemy's over the tape, which takes more than SQLAlchemy's own does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Connection

from migsafe.capture.marks import marked, not_known
from migsafe.capture.placeholders import Placeholder

if TYPE_CHECKING:
    from migsafe.capture.recorder import Recorder


class CaptureConnection(Connection):
    """A connection that takes what any driver and SQLAlchemy 1 take: texts, positional values."""

    def execute(
        self,
        statement: Any,
        parameters: Any = None,
        *more: Any,
        execution_options: Any = None,
        **named: Any,
    ) -> Any:
        given = [parameters, *more] if more else parameters or named or None
        if isinstance(statement, str):
            return self.exec_driver_sql(statement, given)
        if isinstance(statement, Placeholder):
            return self._not_known(statement)
        return super().execute(statement, given, execution_options=execution_options)

    def _not_known(self, statement: Placeholder) -> Placeholder:
        recorder: Recorder | None = getattr(self.dialect, "recorder", None)
        if recorder is not None:
            recorder.unknown(mark := marked(statement.__name__), not_known(mark) or "")
        return Placeholder("result")

    def exec_driver_sql(self, statement: str, parameters: Any = None, *args: Any, **kw: Any) -> Any:
        return super().exec_driver_sql(statement, _named(parameters), *args, **kw)


def _named(parameters: Any) -> Any:
    """*parameters* as dictionaries, in which positional values go by their number."""
    if parameters is None or isinstance(parameters, Mapping):
        return parameters
    values = list(parameters)
    if values and all(isinstance(one, Mapping | tuple | list) for one in values):
        return [_named(one) for one in values]
    return {str(number): value for number, value in enumerate(values, 1)}
