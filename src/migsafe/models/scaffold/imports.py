"""The import lines that a written file needs, found from the names that it uses."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from migsafe.errors import ConfigError
from migsafe.models.scaffold.blueprint import Imported
from migsafe.models.scaffold.source import WIDTH

MARK = "@@imports@@"
_LIBRARIES: Sequence[Sequence[tuple[str, str]]] = (
    (
        ("asyncio", ""),
        ("datetime", "dt"),
        ("collections.abc", "Sequence"),
        ("decimal", "Decimal"),
        ("enum", "Enum"),
        ("typing", "Annotated Any Optional"),
        ("uuid", "UUID uuid4"),
    ),
    (
        ("sqlalchemy", "sa"),
        ("pydantic", "BaseModel ConfigDict Field field_validator"),
        ("sqlalchemy", "ColumnElement select"),
        ("sqlalchemy.dialects", "postgresql"),
        ("sqlalchemy.ext.asyncio", "AsyncSession create_async_engine"),
        ("sqlalchemy.orm", "Mapped Session mapped_column relationship"),
        ("sqlmodel", "Field Relationship col"),
    ),
)
_ALIASES = {"dt": "datetime", "sa": "sqlalchemy"}


def with_imports(text: str, own: Iterable[Imported], *, without: Iterable[str] = ()) -> str:
    """*text* with the import lines in the place of `MARK`.

    *own* are the project's classes, of which those that are used are imported; *without* names
    libraries that are not meant (both pydantic and sqlmodel have a Field). Raises ConfigError when
    two things of the file would have one name.
    """
    code = re.sub(r'"""[\s\S]*?"""', "", text)
    words = set(re.findall(r"(?<![\w.])[A-Za-z_]\w*", code))
    used: dict[str, list[str]] = {}
    for one in own:
        if one.name in words and one.name not in used.setdefault(one.module, []):
            used[one.module].append(one.name)
    groups = [list(_library(group, words, set(without))) for group in _LIBRARIES]
    groups.append([line for m in sorted(used) if used[m] for line in _from(m, sorted(used[m]))])
    found = "\n\n".join("\n".join(group) for group in groups if group)
    full = text.replace(MARK + "\n", found + "\n" if found else "")
    if twice := [name for name, count in Counter(_defined(full)).items() if count > 1]:
        raise ConfigError(
            f"two things would be called {twice[0]} in one of the new files; choose another name "
            "for the model or the field"
        )
    return full


def _defined(text: str) -> Iterator[str]:
    """The names that a module imports or defines."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (one.asname or one.name for one in node.names)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _library(group: Sequence[tuple[str, str]], words: set[str], without: set[str]) -> Iterator[str]:
    plain, named = [], []
    for module, names in group:
        if module in without:
            continue
        if not names:
            plain += [f"import {module}"] if module in words else []
        elif names in _ALIASES:
            plain += [f"import {module} as {names}"] if names in words else []
        elif found := [name for name in names.split() if name in words]:
            named.append((module, found))
    yield from sorted(plain)
    for module, found in sorted(named):
        yield from _from(module, found)


def _from(module: str, names: Sequence[str]) -> Iterator[str]:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"from {module} import ("
    yield from (f"    {name}," for name in names)
    yield ")"
