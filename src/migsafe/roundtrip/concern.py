"""Which tables a migration has to do with: only rows in those can make it fail, or be lost."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from migsafe.capture.script import read_script
from migsafe.catalog import Catalog
from migsafe.names import Name
from migsafe.seed.order import referring_to
from migsafe.values import dataclass

_READS_ROWS = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|MERGE|DO|CALL|PERFORM)\b", re.I)
# Code that finds out for itself which tables there are.
_LOOKS_AROUND = re.compile(
    r"\b(?:inspect|information_schema|pg_\w+|reflect\w*|autoload\w*|automap\w*|get_table_names|"
    r"EXECUTE)\b"
)
_LIBRARIES = frozenset(("alembic", "sqlalchemy", "migsafe", *sys.stdlib_module_names))


@dataclass(frozen=True)
class Wording:
    """What a migration's file says: its strings as *texts*, and whether they say all it does."""

    texts: tuple[str, ...]
    is_plain: bool

    @property
    def words(self) -> frozenset[str]:
        """All words of the texts."""
        return frozenset(word for text in self.texts for word in re.findall(r"\w+", text))


def wording(file: Path) -> Wording:
    """Read the migration in *file*."""
    tree = read_script(file).source.tree
    strings = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    texts = tuple(text for text in strings if isinstance(text, str))
    code = ast.unparse(tree)
    is_plain = not _LOOKS_AROUND.search(code) and _LIBRARIES.issuperset(_imported(tree))
    return Wording(texts, is_plain)


def spoken_of(said: Wording, before: Catalog, after: Catalog) -> frozenset[Name] | None:
    """The tables that the revision changes or, as it has *said*, works on; None for any."""
    words = said.words
    named = frozenset(name for name in before.tables if words.issuperset(_words(name)))
    is_any = not named and any(map(_READS_ROWS.search, said.texts))
    return None if is_any else named | changed(before, after)


def concerned(said: Wording, before: Catalog, after: Catalog) -> frozenset[Name] | None:
    """Those, and all whose rows may be changed or looked at with theirs; None for any.

    None, too, when something else may reach further than the text says: code or functions of the
    project's own, triggers, views and types.
    """
    tables = spoken_of(said, before, after)
    if tables is None or not said.is_plain or _other_types(before, after):
        return None
    called = {name.name for name, _ in before.functions} | {view.name for view in before.views}
    if not said.words.isdisjoint(called):
        return None
    found = referring_to(before, after, tables)
    has_triggers = any(before.tables[name].triggers for name in found if name in before.tables)
    return None if has_triggers else found


def changed(before: Catalog, after: Catalog) -> frozenset[Name]:
    """The tables that were there *before* and are others *after*, or have other indexes."""
    return frozenset(
        name
        for name, table in before.tables.items()
        if table != after.tables.get(name) or before.indexes_of(name) != after.indexes_of(name)
    )


def _other_types(before: Catalog, after: Catalog) -> bool:
    return any(after.types.get(name) != found for name, found in before.types.items())


def _imported(tree: ast.AST) -> Iterator[str]:
    """The packages that are imported; a dot for the project's own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." if node.level else (node.module or ".").partition(".")[0]


def _words(name: Name) -> list[str]:
    return re.findall(r"\w+", name.name)
