"""The body of a migration's file: what its names stand for when a function of it is called."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from types import ModuleType
from typing import Any

from migsafe.capture.heads import parsed_shape
from migsafe.capture.sites import Source
from migsafe.capture.written.items import ITEMS
from migsafe.capture.written.reading import BIND, read, symbol
from migsafe.capture.written.values import Foreign, Fragment, NotWritten, Symbol, Type

Names = dict[str, Any]

_TYPING = "Any Callable Dict Final Iterable Iterator List Mapping Optional Sequence Set Text Tuple Union".split()  # fmt: skip # noqa: E501
_ABSTRACT = "Callable Iterable Iterator Mapping Sequence Set".split()
# Modules whose import does nothing that a migration could notice: SQLAlchemy has imported them.
_MODULES = frozenset(
    "collections collections.abc datetime decimal enum functools itertools json logging operator "
    "os re sys textwrap time typing uuid warnings sqlalchemy sqlalchemy.dialects.postgresql "
    "sqlalchemy.dialects sqlalchemy.types sqlalchemy.sql sqlalchemy.schema alembic.op".split()
)
_MEMBERS = frozenset(
    (
        *ITEMS,
        *(f"typing.{name}" for name in _TYPING),
        *(f"collections.abc.{name}" for name in _ABSTRACT),
        "alembic.op",
        "alembic.context",
        "collections.defaultdict",
        "datetime.date",
        "datetime.datetime",
        "datetime.timedelta",
        "datetime.timezone",
        "decimal.Decimal",
        "enum.Enum",
        "uuid.UUID",
        "uuid.uuid4",
        "sqlalchemy.dialects.mysql",
        "sqlalchemy.dialects.postgresql",
        "sqlalchemy.dialects.sqlite",
        "sqlalchemy.Index",
        "sqlalchemy.MetaData",
        "sqlalchemy.Sequence",
        "sqlalchemy.Table",
        "sqlalchemy.func",
        "sqlalchemy.inspect",
        "sqlalchemy.select",
        "sqlalchemy.sql",
        "sqlalchemy.sql.column",
        "sqlalchemy.sql.expression",
        "sqlalchemy.sql.func",
        "sqlalchemy.sql.select",
        "sqlalchemy.sql.sqltypes",
        "sqlalchemy.sql.table",
        "sqlalchemy.types",
        "sqlalchemy.update",
        "sqlalchemy.orm.Session",
        "sqlalchemy.orm.sessionmaker",
    )
)
_POSTPONED = "__future__.annotations"
_VALUES = (bool, int, float, str, list, tuple, dict, type(None), Type, Fragment)
_HANDLES = (BIND, "alembic.op.get_context()", "logging.getLogger()")
_SCALARS = frozenset(("str", "int", "bool", "object", "list", "tuple", "dict", "set"))
_GENERIC = frozenset(("List", "Sequence", "Iterable", "Set", "Iterator", "Optional"))
_SEVERAL = frozenset(("Union", "Tuple", "tuple"))
_FORMS = frozenset(("Final", "Optional", "Union"))  # no types by themselves


def names_of(source: Source) -> Names:
    """What the names in the body of a module stand for; functions are their nodes.

    Raises NotWritten for a body that may do more than define them.
    """
    return _loaded(_bound(source.rest, _in_lines(source)))


def names_before(source: Source) -> Names:
    """What the names in the head of a file stand for, as `names_of` has them."""
    return _loaded(_in_lines(source))


def _in_lines(source: Source) -> Names:
    above = in_head(source.shape)
    if isinstance(above, str):
        raise NotWritten(above)
    names = {"__name__": Symbol("__name__"), **above}
    if source.head is not None:
        values = source.head.constants
        names.update((name, value) for name, value in values.items() if name in names)
    return names


def _loaded(names: Names) -> Names:
    """*names*, of which all modules have to be there."""
    for value in names.values():
        if type(value) is Foreign:
            require_loaded(value)
    return names


@lru_cache(maxsize=64)
def in_head(shape: str) -> Names | str:
    """The names that a head of this *shape* binds, or why they are not certain."""
    tree = parsed_shape(shape)
    try:
        return _bound(tree, {}) if tree is not None else {}
    except NotWritten as why:
        return str(why)


def _bound(tree: ast.Module, names: Names) -> Names:
    """*names*, with those that the statements of *tree* bind."""
    known = names.values()
    postponed = any(type(one) is Symbol and one.name == _POSTPONED for one in known)
    for node in tree.body:
        bind = _BINDERS.get(type(node))
        if bind is None:
            raise NotWritten(f"the statement {type(node).__name__} in the module")
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            postponed = True
        elif not postponed:
            _require_annotations(node, names)
        bound = dict(bind(node, names))
        if any(type(names.get(name)) is ast.FunctionDef for name in bound):
            raise NotWritten("a name of a function given another value")
        names.update(bound)
    return names


def imported(node: Any, names: Names) -> Iterator[tuple[str, Any]]:
    """The names that ``import`` binds, and the modules that have to be there."""
    for alias in node.names:
        name = alias.name if alias.asname else alias.name.partition(".")[0]
        if alias.name not in _MODULES:
            yield f"import {alias.name}", Foreign(alias.name)
        yield alias.asname or name, Symbol(name)


def imported_from(node: Any, names: Names) -> Iterator[tuple[str, Any]]:
    """The names that ``from … import`` binds, and the modules that have to be there."""
    if node.level or node.module is None:
        raise NotWritten("a relative import")
    for alias in node.names:
        full = f"{node.module}.{alias.name}"
        if full not in _MEMBERS and full != _POSTPONED:
            yield f"import {full}", Foreign(node.module, alias.name)
        yield alias.asname or alias.name, Symbol(full)


def require_loaded(foreign: Foreign) -> None:
    """To import *foreign* again does nothing.

    It does not when something has imported it before, and no placeholder stands in for it: the
    first migration that imports a module of the project's is run.
    """
    module = sys.modules.get(foreign.module)
    there = type(module) is ModuleType and foreign.module.partition(".")[0] in sys.modules
    if not there or (foreign.member is not None and not _has(module, foreign.member)):
        raise NotWritten(f"an import of {foreign.module}, {foreign.member}")


def _has(module: ModuleType | None, member: str) -> bool:
    """Whether *module* has *member*, and no placeholder in its place."""
    kind = type(vars(module).get(member))
    return member in vars(module) and kind.__module__ != "migsafe.capture.placeholders"


def _assigned(node: Any, names: Names) -> Iterator[tuple[str, Any]]:
    return targets(node, constant(node.value, names))


def targets(node: Any, value: Any) -> Iterator[tuple[str, Any]]:
    """The names that an assignment or a loop gives *value* to, or the parts of it."""
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        if isinstance(target, ast.Name):
            yield target.id, value
            continue
        parts = target.elts if isinstance(target, ast.Tuple) else []
        if type(value) not in (list, tuple) or not parts or len(value) != len(parts):
            raise NotWritten("an assignment to something else")
        for part, one in zip(parts, value, strict=True):
            if not isinstance(part, ast.Name):
                raise NotWritten("an assignment to something else")
            yield part.id, one


def constant(node: ast.expr | None, names: Names) -> Any:
    """The constant or type that *node* stands for: no object that is changed by being used."""
    if node is None:
        raise NotWritten("a name without a value")
    value = read(node, names)
    if not _is_constant(value):
        raise NotWritten(f"a {type(value).__name__} with a name")
    return value


def _is_constant(value: Any) -> bool:
    if type(value) is dict:
        return all(map(_is_constant, value.values()))
    if type(value) in (list, tuple):
        return all(map(_is_constant, value))
    if type(value) is Symbol:
        return value.name in ITEMS or value.name in _HANDLES
    return type(value) in _VALUES


def _function(node: Any, names: Names) -> Iterator[tuple[str, Any]]:
    given = node.args
    if node.decorator_list or given.defaults or any(given.kw_defaults):
        raise NotWritten("a function with more to it")
    if getattr(node, "type_params", None):
        raise NotWritten("a function with more to it")
    yield node.name, node


def _nothing(node: Any, names: Names) -> Iterator[tuple[str, Any]]:
    if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
        raise NotWritten("an expression in the module")
    return iter(())


_BINDERS: dict[type, Callable[[Any, Names], Iterator[tuple[str, Any]]]] = {
    ast.AnnAssign: _assigned,
    ast.Assign: _assigned,
    ast.Expr: _nothing,
    ast.FunctionDef: _function,
    ast.Import: imported,
    ast.ImportFrom: imported_from,
    ast.Pass: _nothing,
}


# -- annotations, which Python works out when it defines a function or a name of the module -----


def _require_annotations(node: ast.stmt, names: Names) -> None:
    """Annotations are such as cannot fail."""
    given: list[ast.expr | None] = []
    if isinstance(node, ast.AnnAssign):
        given = [node.annotation]
    elif isinstance(node, ast.FunctionDef):
        every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        given = [node.returns, *(one.annotation for one in every)]
        given += (one.annotation for one in (node.args.vararg, node.args.kwarg) if one)
    for one in given:
        if isinstance(one, ast.Subscript) and _named(one.value, names) == "Final":
            one = one.slice
        if one is not None and _named(one, names) is None and not _is_type(one, names):
            raise NotWritten("an annotation")


def _is_type(node: ast.expr, names: Names) -> bool:
    if isinstance(node, ast.Constant):
        return node.value is None
    if isinstance(node, ast.Name | ast.Attribute):
        name = _named(node, names)
        return name is not None and name not in _FORMS
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        both = (node.left, node.right)
        none = all(isinstance(one, ast.Constant) for one in both)
        return not none and all(_is_type(one, names) for one in both)
    if not isinstance(node, ast.Subscript):
        return False
    name = _named(node.value, names)
    inner = node.slice
    if isinstance(inner, ast.Tuple):
        return name in _SEVERAL and bool(inner.elts) and all(_is_type(e, names) for e in inner.elts)
    return (name in _GENERIC or name in _SEVERAL or name == "list") and _is_type(inner, names)


def _named(node: ast.expr, names: Names) -> str | None:
    """The last part of the name of a type that is there."""
    if isinstance(node, ast.Name) and node.id not in names and node.id in _SCALARS:
        return node.id
    found = symbol(node, names)
    if found is None or found not in _MEMBERS:
        return None
    above, _, name = found.rpartition(".")
    return name if above in ("typing", "collections.abc") else None
