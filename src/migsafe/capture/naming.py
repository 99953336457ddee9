"""The naming convention of a project's metadata, read from env.py and the modules it imports."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import TypeGuard

from migsafe.capture.location import Location
from migsafe.capture.statements import statements
from migsafe.values import dataclass

_KINDS = frozenset({"ix", "uq", "ck", "fk", "pk"})
_METADATA = frozenset(("MetaData", "DeclarativeBase", "declarative_base", "SQLModel"))
_MODULES = 200
"""How many of the project's modules are read at most."""
# Without one of these, a text has neither a convention nor metadata.
_TELLING = re.compile(
    rf"naming_convention|{'|'.join(sorted(_METADATA))}|['\"](?:{'|'.join(sorted(_KINDS))})['\"]"
)

Naming = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Module:
    """What one module says.

    Attributes:
        imports: what it imports, as the level (0 of an absolute name) and the parts of the name.
        mentions: whether something is given by the keyword ``naming_convention``.
        naming: the convention that it writes out.
        makes: whether it makes metadata.
    """

    path: Path | None
    imports: tuple[tuple[int, tuple[str, ...]], ...]
    mentions: bool = False
    naming: Naming = ()
    makes: bool = False


class Names:
    """How unnamed constraints are named by *env*, an env.py, and the project's modules behind it.

    Each module is read once, when it is first asked for.
    """

    def __init__(self, env: ast.Module, location: Location):
        self._env = env
        self._path = location.env
        self._folders = tuple(map(str, dict.fromkeys((*location.search, location.root))))
        self._read: dict[Path, _Module | None] = {}
        self._files = cache(_files)

    @cached_property
    def convention(self) -> tuple[bool, Naming]:
        """Whether there is a naming convention, and which.

        The convention is empty where it is there but not written out as a dictionary of texts.
        """
        named = False
        for module in self._behind(_module(self._env, self._path)):
            if module.naming:
                return True, module.naming
            named = named or module.mentions
        return named, ()

    def is_certain(self) -> bool:
        """Whether the code tells which names unnamed constraints get.

        It does where env.py has no metadata, or imports modules of the project in which it is made.
        """
        given = [node.value for node in ast.walk(self._env) if _is_target(node)]
        if all(isinstance(value, ast.Constant) and value.value is None for value in given):
            return True
        found, naming = self.convention
        return bool(naming) or (not found and all(map(self._is_made, given)))

    def _is_made(self, value: ast.expr | None) -> bool:
        """Whether the metadata *value* are made in env.py, or in a module of the project behind."""
        names = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)} if value else set()
        imports: list[ast.stmt] = [
            node
            for node in ast.walk(self._env)
            if isinstance(node, ast.Import | ast.ImportFrom)
            and any((a.asname or a.name.partition(".")[0]) in names for a in node.names)
        ]
        if not imports:
            return _module(self._env, self._path).makes
        start = _module(ast.Module(imports, []), self._path)
        return any(module.makes for module in self._behind(start))

    def _behind(self, module: _Module) -> Iterator[_Module]:
        """*module* and, breadth first, the project's own modules that it imports."""
        todo = [module]
        seen: set[Path] = set()
        for module in todo:
            yield module
            for path in self._imported(module):
                if path in seen or len(seen) >= _MODULES:
                    continue
                seen.add(path)
                if path not in self._read:
                    self._read[path] = _read(path)
                if (found := self._read[path]) is not None:
                    todo.append(found)

    def _imported(self, module: _Module) -> Iterator[Path]:
        for level, parts in module.imports:
            bases = _above(module.path, level) if level else self._folders
            yield from self._files(bases, parts)


def is_certain(location: Location) -> bool:
    """Whether the code that *location* shows tells which names unnamed constraints get."""
    if location.env is None:
        return True
    try:
        env = ast.parse(location.env.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return False
    return Names(env, location).is_certain()


def _is_target(node: ast.AST) -> TypeGuard[ast.keyword | ast.Assign]:
    """Whether *node* says what the metadata are."""
    if isinstance(node, ast.keyword):
        # target_metadata=target_metadata says no more than the assignment of that name.
        return node.arg == "target_metadata" and not isinstance(node.value, ast.Name)
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "target_metadata" for target in node.targets
    )


def _read(path: Path) -> _Module | None:
    try:
        data = path.read_bytes()
        tree = ast.parse(data)
    except (OSError, SyntaxError, ValueError):
        return None
    if _TELLING.search(data.decode("latin-1")):
        return _module(tree, path)
    return _Module(path, tuple(_imports(tree)))


def _module(tree: ast.Module, path: Path | None) -> _Module:
    mentions, makes = False, False
    naming: Naming = ()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            makes = makes or node.id in _METADATA
        elif isinstance(node, ast.Attribute):
            makes = makes or node.attr in _METADATA
        elif isinstance(node, ast.keyword):
            mentions = mentions or node.arg == "naming_convention"
        elif isinstance(node, ast.Dict) and not naming:
            naming = _literal(node)
    return _Module(path, tuple(_imports(tree)), mentions, naming, makes)


def _imports(tree: ast.Module) -> Iterator[tuple[int, tuple[str, ...]]]:
    for node in statements(tree):
        if isinstance(node, ast.Import):
            yield from ((0, tuple(alias.name.split("."))) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = tuple(node.module.split(".")) if node.module else ()
            yield node.level, parts
            yield from ((node.level, (*parts, alias.name)) for alias in node.names)


def _above(path: Path | None, level: int) -> tuple[str, ...]:
    return (str(path.parents[level - 1]),) if path and len(path.parents) >= level else ()


def _files(folders: tuple[str, ...], parts: tuple[str, ...]) -> tuple[Path, ...]:
    """The module that *parts* name in one of *folders*, and the package."""
    bases = [os.path.join(folder, *parts) for folder in folders]
    names = [
        name
        for base in bases
        for name in ((f"{base}.py", f"{base}/__init__.py") if parts else (f"{base}/__init__.py",))
    ]
    return tuple(Path(name) for name in names if os.path.isfile(name))


def _literal(node: ast.Dict) -> Naming:
    """The dictionary, if it is a naming convention: kinds of constraints and their patterns."""
    if not all(isinstance(key, ast.Constant) and key.value in _KINDS for key in node.keys):
        return ()
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return ()
    return tuple((str(kind), str(pattern)) for kind, pattern in value.items())
