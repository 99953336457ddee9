"""Migrations whose statements stand written in the file are read; nothing of them is run.

Most functions of migrations call operations with constants and SQLAlchemy's constructors alone.
What they send is known from the code: for it neither Alembic nor SQLAlchemy is imported. Whatever
is not certain, any name, argument or value that is not known here, leaves the function to be run.
"""

from __future__ import annotations

import ast
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from types import CodeType
from typing import Any

from migsafe.capture.lines import Body as Calls
from migsafe.capture.lines import functions_of
from migsafe.capture.model import Environment, Problem, Step
from migsafe.capture.recorder import Recorder, TooManyStatements
from migsafe.capture.schema import Schema
from migsafe.capture.script import Script
from migsafe.capture.sites import Source
from migsafe.capture.written.bodies import BUILTINS, Body
from migsafe.capture.written.modules import Names, names_before, names_of
from migsafe.capture.written.values import NotWritten

__all__ = ["Direction", "NotWritten", "Written"]

Direction = tuple[tuple[Step, ...], tuple[Problem, ...]]
"""The steps of upgrade() or downgrade(), and what was noticed."""
_REFUSED = ("__future__", "__debug__")  # Python refuses some uses of them only when it compiles
_GENERATOR = 0x20  # CO_GENERATOR of the module inspect


class Written:
    """Reads migrations of a history with *environment*."""

    def __init__(self, environment: Environment):
        self._naming = dict(environment.naming)
        self._begins_again = environment.driver == "psycopg"
        self._names = lru_cache(maxsize=1)(_names)
        self._names_before = lru_cache(maxsize=1)(_names_before)

    def direction(self, script: Script, direction: str, schema: Schema) -> Direction:
        """What *direction* of *script* sends on *schema*, which stays as it is.

        Raises NotWritten when it has to be run.
        """
        functions = functions_of(script.source)
        if functions is not None and direction in functions:
            with suppress(NotWritten):  # the tree may tell
                return self._in_lines(script.source, direction, functions[direction], schema)
        return self._in_tree(script.source, direction, schema)

    def _in_lines(self, source: Source, direction: str, calls: Calls, schema: Schema) -> Direction:
        names = self._names_before(source)
        if isinstance(names, str):
            raise NotWritten(names)
        if not calls:
            return (), ()
        return self._sent(source, direction, schema, names, lambda body: body.calls(calls))

    def _in_tree(self, source: Source, direction: str, schema: Schema) -> Direction:
        names = self._names(source)
        if isinstance(names, str):
            raise NotWritten(names)
        function = names.get(direction)
        if not isinstance(function, ast.FunctionDef):
            raise NotWritten("no function in the file")

        def read(body: Body) -> None:
            if not _is_plain(direction, function):
                _require_own_names(source.code, direction, names)
            body.read(function)

        return self._sent(source, direction, schema, names, read)

    def _sent(
        self,
        source: Source,
        direction: str,
        schema: Schema,
        names: Names,
        read: Callable[[Body], None],
    ) -> Direction:
        recorder = Recorder(source, direction, schema.copy(), begins_again=self._begins_again)
        try:
            read(Body(recorder, names, self._naming))
        except NotWritten:
            raise
        except (Exception, TooManyStatements) as error:  # running it tells what is wrong
            raise NotWritten(type(error).__name__) from error
        return tuple(recorder.steps), tuple(recorder.problems)


def _names_before(source: Source) -> Names | str:
    """What the names of the head stand for, or why that is not certain."""
    try:
        names = names_before(source)
        _require_compiled(source)
    except NotWritten as why:
        return str(why)
    except Exception as error:
        return type(error).__name__
    for name in functions_of(source) or ():
        names.pop(name, None)
    return names


def _names(source: Source) -> Names | str:
    """What the names of the module stand for, or why that is not certain."""
    try:
        names = names_of(source)
        source.code  # noqa: B018  # Python refuses some functions only when it compiles them
    except NotWritten as why:
        return str(why)
    except Exception as error:  # running it tells what is wrong
        return type(error).__name__
    return names


def _require_compiled(source: Source) -> None:
    """Python takes what it refuses only when it compiles, where *source* may have such."""
    text = source.text
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)  # Python reads names in this form
    if any(word in text for word in _REFUSED):
        source.code  # noqa: B018


def _require_own_names(module: CodeType, name: str, names: Names) -> None:
    """The function *name* gives no value to names that it takes from the *module*.

    One that it does is its own everywhere in it, even if that is done nowhere that is reached; and
    a ``yield`` that is not reached makes it a generator, of which nothing is run.
    """
    codes = (one for one in module.co_consts if isinstance(one, CodeType))
    code = next(one for one in codes if one.co_name == name)
    own = {*code.co_varnames, *code.co_cellvars}
    if code.co_flags & _GENERATOR or not own.isdisjoint((*names, *BUILTINS)):
        raise NotWritten("a name of the module given another value")


def _is_plain(name: str, function: ast.FunctionDef) -> bool:
    """Whether *function* holds nothing that reading would pass over."""
    return name in ("upgrade", "downgrade") and all(map(_is_statement, function.body))


def _is_statement(node: Any) -> bool:
    kind = type(node)
    if kind is ast.Expr:
        return type(node.value) in (ast.Call, ast.Constant)
    if kind is ast.With:
        return all(map(_is_statement, node.body))
    return kind is ast.Assign or kind is ast.Pass
