"""What env.py and alembic.ini say that changes a verdict; they are read, never run."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from migsafe.capture.alembic_ini import read_ini
from migsafe.capture.location import Location
from migsafe.capture.model import Environment
from migsafe.capture.naming import Names

_URL_DRIVER = re.compile(r"postgres(?:ql)?\+(\w+)://")


def read_environment(location: Location) -> Environment:
    """Read the environment of a history; an env.py that is not valid Python says nothing."""
    settings: dict[str, Any] = {}
    for path in (location.ini, location.toml):
        config = read_ini(path, location.root) if path else None
        settings.update({} if config is None else config.settings)
    driver = _URL_DRIVER.match(str(settings.get("sqlalchemy.url", "")))
    in_url = any("lock_timeout" in str(value) for value in settings.values())
    tree = _parsed(location.env)
    if tree is None:
        return Environment(lock_timeout=in_url, driver=driver[1] if driver else None)
    options = _options(tree)
    names = Names(tree, location)
    found, naming = names.convention
    return Environment(
        path=location.env,
        transaction_per_migration=_flag(options, "transaction_per_migration"),
        transactional_ddl=_flag(options, "transactional_ddl"),
        lock_timeout=in_url or any("lock_timeout" in text for text in _texts(tree)),
        naming_convention=found,
        include_schemas=_flag(options, "include_schemas") or False,
        version_table=_version_table(options),
        naming=naming,
        driver=driver[1] if driver else _driver(tree),
        imports=tuple(dict.fromkeys(_imports(tree))),
        names_known=names.is_certain(),
    )


def _imports(tree: ast.Module) -> Iterator[str]:
    known = {*sys.stdlib_module_names, "sqlalchemy", "alembic"}
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        yield from (name for name in names if name.partition(".")[0] not in known)


def _parsed(path: Path | None) -> ast.Module | None:
    try:
        return ast.parse(path.read_bytes(), str(path)) if path is not None else None
    except (OSError, SyntaxError, ValueError):
        return None


def _options(tree: ast.Module) -> dict[str, Any]:
    """Constants given by keyword, or in a dictionary with text keys, anywhere in the file."""
    found: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            pairs = [(keyword.arg, keyword.value) for keyword in node.keywords]
        elif isinstance(node, ast.Dict):
            pairs = [(_text(k), v) for k, v in zip(node.keys, node.values, strict=True)]
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            pairs = [(_text(node.targets[0].slice), node.value)]
        else:
            continue
        for name, value in pairs:
            if name is not None and isinstance(value, ast.Constant):
                found[name] = value.value
    return found


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _flag(options: Mapping[str, Any], name: str) -> bool | None:
    value = options.get(name)
    return value if isinstance(value, bool) else None


def _version_table(options: Mapping[str, Any]) -> str:
    name = options.get("version_table")
    schema = options.get("version_table_schema")
    table = name if isinstance(name, str) else "alembic_version"
    return f"{schema}.{table}" if isinstance(schema, str) else table


def _texts(tree: ast.Module) -> Iterator[str]:
    """The texts in the code, names of keywords included, documentation left out."""
    documentation = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, ast.Constant) and id(node) not in documentation:
            yield str(node.value)


def _driver(tree: ast.Module) -> str | None:
    """The driver in a URL or driver name that env.py spells out."""
    for text in _texts(tree):
        if match := re.match(r"postgres(?:ql)?\+(\w+)(?:://|\Z)", text):
            return match[1]
    return None
