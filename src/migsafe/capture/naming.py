"""The naming convention of a project's metadata, read from env.py and the modules it imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

from migsafe.capture.location import Location

_KINDS = frozenset({"ix", "uq", "ck", "fk", "pk"})
_METADATA = frozenset(("MetaData", "DeclarativeBase", "declarative_base", "SQLModel"))
_MODULES = 200
"""How many of the project's modules are read at most."""

Naming = tuple[tuple[str, str], ...]


def find_convention(env: ast.Module, location: Location) -> tuple[bool, Naming]:
    """Whether *env* or a project's module behind it has a naming convention, and which.

    The convention is empty where it is there but not written out as a dictionary of texts.
    """
    named = False
    for tree in _modules(env, location):
        mentioned, naming = _convention(tree)
        if naming:
            return True, naming
        named = named or mentioned
    return named, ()


def is_certain(location: Location) -> bool:
    """Whether the code that *location* shows tells which names unnamed constraints get.

    It does where env.py has no metadata, or imports modules of the project in which it is made.
    """
    if location.env is None:
        return True
    try:
        env = ast.parse(location.env.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return False
    given = [node.value for node in ast.walk(env) if _is_target(node)]
    if all(isinstance(value, ast.Constant) and value.value is None for value in given):
        return True
    found, naming = find_convention(env, location)
    return bool(naming) or (not found and all(_is_made(value, env, location) for value in given))


def _is_made(value: ast.expr | None, env: ast.Module, location: Location) -> bool:
    """Whether the metadata *value* are made in *env*, or in a module of the project behind it."""
    names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)} if value else set()
    imports: list[ast.stmt] = [
        node
        for node in ast.walk(env)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and any((a.asname or a.name.partition(".")[0]) in names for a in node.names)
    ]
    if not imports:
        return _makes_metadata(env)
    return any(map(_makes_metadata, _modules(ast.Module(imports, []), location)))


def _is_target(node: ast.AST) -> TypeGuard[ast.keyword | ast.Assign]:
    """Whether *node* says what the metadata are."""
    if isinstance(node, ast.keyword):
        # target_metadata=target_metadata says no more than the assignment of that name.
        return node.arg == "target_metadata" and not isinstance(node.value, ast.Name)
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "target_metadata" for target in node.targets
    )


def _makes_metadata(tree: ast.Module) -> bool:
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return not _METADATA.isdisjoint(names)


def _modules(env: ast.Module, location: Location) -> Iterator[ast.Module]:
    """*env* and, breadth first, the project's own modules that it imports."""
    folders = tuple(dict.fromkeys((*location.search, location.root)))
    todo: list[tuple[ast.Module, Path | None]] = [(env, location.env)]
    seen: set[Path] = set()
    while todo:
        tree, path = todo.pop(0)
        yield tree
        for imported in _imports(tree, path, folders):
            if imported in seen or len(seen) >= _MODULES:
                continue
            seen.add(imported)
            try:
                todo.append((ast.parse(imported.read_bytes()), imported))
            except (OSError, SyntaxError, ValueError):
                continue


def _imports(tree: ast.Module, path: Path | None, folders: tuple[Path, ...]) -> Iterator[Path]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(folders, alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            parts = node.module.split(".") if node.module else []
            bases = folders if not node.level else _above(path, node.level)
            yield from _files(bases, parts)
            for alias in node.names:
                yield from _files(bases, [*parts, alias.name])


def _above(path: Path | None, level: int) -> tuple[Path, ...]:
    return (path.parents[level - 1],) if path and len(path.parents) >= level else ()


def _files(folders: tuple[Path, ...], parts: list[str]) -> Iterator[Path]:
    for folder in folders:
        base = folder.joinpath(*parts)
        for candidate in (base.with_suffix(".py") if parts else base, base / "__init__.py"):
            if candidate.is_file():
                yield candidate


def _convention(tree: ast.Module) -> tuple[bool, Naming]:
    mentioned = any(
        isinstance(node, ast.keyword) and node.arg == "naming_convention" for node in ast.walk(tree)
    )
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict) and (naming := _literal(node)):
            return True, naming
    return mentioned, ()


def _literal(node: ast.Dict) -> Naming:
    """The dictionary, if it is a naming convention: kinds of constraints and their patterns."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return ()
    if not value or not set(value) <= _KINDS:
        return ()
    return tuple((str(kind), str(pattern)) for kind, pattern in value.items())
