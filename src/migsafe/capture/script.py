"""A migration file as it is written: what it says of its place in the chain, without running it."""

from __future__ import annotations

import ast
import codecs
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from migsafe.capture.heads import HEADER, parsed_shape
from migsafe.capture.lines import functions_of
from migsafe.capture.sites import Source, not_python, not_readable
from migsafe.errors import HistoryError
from migsafe.values import dataclass, kept


@dataclass(frozen=True)
class Header:
    """What a migration file says of its place in the chain."""

    path: Path
    revision: str
    down_revisions: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    branch_labels: tuple[str, ...] = ()
    doc: str = ""
    line: int = 1


@dataclass(frozen=True, kw_only=True)
class Script(Header):
    """One migration file and its header."""

    source: Source

    @kept
    def functions(self) -> frozenset[str]:
        """What the module defines or imports by name; raises HistoryError when it is not Python."""
        found = functions_of(self.source)
        inside = _defined(self.source.rest) if found is None else found
        return _of_shape(self.source.shape).union(inside)

    def code(self) -> CodeType:
        """The module, compiled under its own path."""
        return self.source.code


def read_script(path: Path) -> Script:
    """Read one file; raises HistoryError when it names no revision.

    Of most files no more than the head is read here. So that the rest is not Python either shows
    here, or raises HistoryError when it is asked for.
    """
    text = _text(path)
    source = Source(path, text)
    head = source.head
    if head is not None:
        constants, line, doc = head.constants, head.line, head.doc
    else:
        constants, line, doc = _header(source.tree, path)
    revision = constants.get("revision")
    if not isinstance(revision, str) or not revision:
        raise HistoryError(
            'a migration needs a line like revision = "1a2b3c"; '
            "move files that are no migrations to another folder",
            file=path,
            line=line,
        )
    return Script(
        path=path,
        source=source,
        revision=revision,
        down_revisions=_identifiers(path, "down_revision", constants),
        depends_on=_identifiers(path, "depends_on", constants),
        branch_labels=_labels(constants.get("branch_labels")),
        doc=doc,
        line=line,
    )


def _text(path: Path) -> str:
    """The text of a file in the encoding that it names, with Python's line ends."""
    try:
        with path.open("rb", buffering=0) as file:
            data = file.read()
        if not data.startswith(codecs.BOM_UTF8) and b"\r" not in data and b"coding" not in data:
            with suppress(UnicodeDecodeError):
                return data.decode()
        ast.parse(data, str(path))  # it says best what is wrong with an encoding
        return _decoded(data)
    except SyntaxError as error:
        raise not_python(path, error) from error
    except (OSError, ValueError) as error:
        raise not_readable(path, error) from error


def _decoded(data: bytes) -> str:
    import io
    import tokenize

    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return io.TextIOWrapper(io.BytesIO(data), encoding).read()


@dataclass(frozen=True)
class _Unknown:
    """A value that is not written out, by the words that stand for it."""

    text: str


def _header(tree: ast.Module, path: Path) -> tuple[dict[str, Any], int, str]:
    """The constants assigned at the top level, the line of ``revision``, the title."""
    constants: dict[str, Any] = {}
    line = 1
    for name, value in _assignments(tree):
        constants[name] = _constant(value, constants)
        if name == "revision":
            line = value.lineno
    for name in HEADER:
        given = constants.get(name)
        if isinstance(given, list):
            constants[name] = [_imported(one, tree, path) for one in given]
        else:
            constants[name] = _imported(given, tree, path)
    doc = (ast.get_docstring(tree) or "").strip().partition("\n")[0]
    return constants, line, doc


def _imported(value: Any, tree: ast.Module, path: Path) -> Any:
    """*value*, or the constant that it is in a module of the project that *tree* imports."""
    if not isinstance(value, _Unknown):
        return value
    first, _, rest = value.text.partition(".")
    owner, _, name = ".".join(filter(None, (_origin(first, tree), rest))).rpartition(".")
    if not owner:
        return value
    from migsafe.capture.statics import static_members

    for folder in path.parents:
        base = folder.joinpath(*owner.split("."))
        for module in (base.with_suffix(".py"), base / "__init__.py"):
            if module.is_file():
                return static_members(module).get(name, value)
    return value


def _origin(name: str, tree: ast.Module) -> str:
    """The full name of what *tree* imports as *name*; empty when it imports no such thing."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                if name == (alias.asname or alias.name):
                    return f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if name == (alias.asname or alias.name.partition(".")[0]):
                    return alias.name if alias.asname else name
    return ""


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value
                elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    for one, value in zip(target.elts, node.value.elts, strict=False):
                        if isinstance(one, ast.Name):
                            yield one.id, value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node.value


_SEQUENCES = ("tuple", "list", "set", "frozenset")


def _constant(value: ast.expr, constants: dict[str, Any]) -> Any:
    if isinstance(value, ast.Name) and value.id in constants:
        return constants[value.id]
    if isinstance(value, ast.Tuple | ast.List | ast.Set):
        return [_constant(item, constants) for item in value.elts]
    if isinstance(value, ast.Call) and len(value.args) == 1 and not value.keywords:
        given = _constant(value.args[0], constants)
        if isinstance(given, list) and ast.unparse(value.func) in _SEQUENCES:
            return given  # as written: what is added to it under a condition may not be there
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        left, right = _constant(value.left, constants), _constant(value.right, constants)
        if isinstance(left, list) and isinstance(right, list):
            return left + right
    try:
        return ast.literal_eval(value)
    except ValueError:
        return _Unknown(ast.unparse(value))


def _labels(value: Any) -> tuple[str, ...]:
    """Branch labels; one that is computed is called by the words that compute it."""
    values = value if isinstance(value, list | tuple | set) else [] if value is None else [value]
    return tuple(one.text if isinstance(one, _Unknown) else str(one) for one in values)


def _identifiers(path: Path, name: str, constants: dict[str, Any]) -> tuple[str, ...]:
    value = constants.get(name)
    values = value if isinstance(value, list | tuple | set) else [] if value is None else [value]
    if all(isinstance(one, str) for one in values):
        return tuple(values)
    raise HistoryError(
        f"{name} is not written as a constant here; write the revision as a string", file=path
    )


@lru_cache(maxsize=64)
def _of_shape(shape: str) -> frozenset[str]:
    """What a head of this *shape* defines."""
    tree = parsed_shape(shape)
    return frozenset(_defined(tree)) if tree is not None else frozenset()


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
    for name, _ in _assignments(tree):
        yield name
