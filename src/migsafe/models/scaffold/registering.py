"""The one line that makes a new model known: an import where env.py comes by."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from migsafe.capture import Location
from migsafe.errors import ConfigError
from migsafe.models.scaffold.blueprint import Blueprint
from migsafe.models.scaffold.layout import Layout


@dataclass(frozen=True)
class Insertion:
    """*line* is to be put into *path* behind its line *after*, counted from 1; 0 is the top."""

    path: Path
    line: str
    after: int

    def applied(self, text: str) -> str:
        """*text* with the line in it."""
        lines = text.splitlines(keepends=True)
        if self.after and not lines[self.after - 1].endswith("\n"):
            lines[self.after - 1] += "\n"
        lines.insert(self.after, f"{self.line}\n")
        return "".join(lines)


def registration(plan: Blueprint, layout: Layout, location: Location) -> Insertion | None:
    """Where an import has to be added; None if a package is new and imports it itself.

    A package imports its models in ``__init__.py``. Models in a module of their own are imported
    by env.py, as their module cannot import what imports it.
    """
    if layout.is_flat or not layout.package:
        if location.env is None:
            raise ConfigError(f"there is no env.py that could import {plan.model}")
        return _in(location.env, f"import {plan.model}  # noqa: F401")
    path = layout.path(f"{layout.package}.__init__")
    if not path.exists():
        return None
    line = f"from {plan.model} import {plan.name} as {plan.name}"
    if plan.base.module == layout.package:
        # The base stands in this very file: only below it can be what needs it.
        count = len(path.read_text(encoding="utf-8").splitlines())
        return Insertion(path, f"{line}  # noqa: E402", count)
    return _in(path, line)


def _in(path: Path, line: str) -> Insertion:
    text = path.read_text(encoding="utf-8")
    body = ast.parse(text).body
    imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {node.lineno: node.module or "" for node in imports if isinstance(node, ast.ImportFrom)}
    ours = line.split()[1]
    beside = {at: name for at, name in names.items() if _package(name) == _package(ours)}
    if line.startswith("from ") and beside:
        # In the order of the alphabet, as formatters of imports want it.
        before = [node for node in imports if beside.get(node.lineno, "~") < ours]
        first = min(beside) - 1
        return Insertion(path, line, max((n.end_lineno or 0 for n in before), default=first))
    if imports:
        return Insertion(path, line, max(node.end_lineno or node.lineno for node in imports))
    has_docstring = bool(body) and ast.get_docstring(ast.parse(text)) is not None
    return Insertion(path, line, (body[0].end_lineno or 0) if has_docstring else 0)


def _package(module: str) -> str:
    return module.rpartition(".")[0]
