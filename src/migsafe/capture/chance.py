"""Where a migration reads the clock, the environment or random numbers, by its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migsafe.capture.model import Problem
from migsafe.capture.sites import Source

_CLOCK = (
    "datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today datetime.date.today "
    "time.time time.time_ns time.gmtime time.localtime time.monotonic time.strftime"
)
_MEANING = dict.fromkeys(_CLOCK.split(), "reads the clock") | dict.fromkeys(
    ("uuid.uuid1", "uuid.uuid4", "os.urandom"), "uses random values"
)
_MODULES = {"random": "uses random values", "secrets": "uses random values"}
_ENVIRONMENT = ("os.environ", "os.getenv")
# Most migrations need not be looked at: without these nothing of all that can be in their text.
_SUSPECT = ("env", "uuid1", "uuid4", "random", "secrets", "datetime")
_TIME = re.compile(r"time\b(?<!\wtime)")


def chances(source: Source) -> Iterator[Problem]:
    """A problem for each call in *source* that gives something else in another run.

    By the source and not by what runs: the functions are Python's own, libraries call them all the
    time, and a branch that is not taken here may be taken elsewhere.
    """
    text = source.text
    for word in _SUSPECT:
        if word in text:
            break
    else:
        if not _TIME.search(text):
            return
    tree = source.tree
    imported = dict(_imported(tree))
    for top in tree.body:
        down = isinstance(top, ast.FunctionDef) and top.name == "downgrade"
        for node in ast.walk(top):
            if (name := _read(node, imported)) is not None and (what := _what(name)) is not None:
                line = getattr(node, "lineno", 1)
                direction = "downgrade" if down else "upgrade"
                message = f"{what} ({name})"
                yield Problem("nondeterministic", message, source.path, line, direction)


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What names of modules and of their members mean in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (top, top)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _read(node: ast.AST, imported: dict[str, str]) -> str | None:
    """The full name of what *node* calls, or of the environment that it looks into."""
    if isinstance(node, ast.Call):
        name = _full(node.func, imported)
        return None if name in _ENVIRONMENT[:1] else name
    name = _full(node, imported) if isinstance(node, ast.Attribute | ast.Name) else None
    return name if name in _ENVIRONMENT[:1] else None


def _full(node: ast.expr, imported: dict[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        return imported.get(node.id)
    if isinstance(node, ast.Attribute):
        above = _full(node.value, imported)
        return f"{above}.{node.attr}" if above else None
    return None


def _what(name: str) -> str | None:
    if name in _ENVIRONMENT:
        return "reads the environment"
    return _MEANING.get(name) or _MODULES.get(name.partition(".")[0])
