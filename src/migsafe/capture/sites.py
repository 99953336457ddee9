"""Where in the author's file a statement comes from: the lines of the call, the helpers between."""

from __future__ import annotations

import ast
import importlib
import re
import sysconfig
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType
from typing import cast

from migsafe.capture.heads import Head, parsed_shape, read_head
from migsafe.capture.model import Frame
from migsafe.errors import HistoryError
from migsafe.values import dataclass, kept

# Import statements, by the look of a text; a line of a longer string may pass for one.
_GAP = r"(?:[ \t\f]|\\\n)+"
_IMPORT = re.compile(
    rf"(?:^|[;:])[ \t\f]*(?:from{_GAP}([\w.]+){_GAP}import\b|import{_GAP}(\w(?:[\w.,]|{_GAP})*))",
    re.M,
)
# What Python raises for a text that is not one, or in which too much is in one another.
_UNREADABLE = (ValueError, RecursionError, MemoryError)


@dataclass(frozen=True)
class Site:
    """Lines of the author's call, from 1, and the helper frames behind it, outermost first."""

    line: int
    end_line: int
    via: tuple[Frame, ...] = ()


class Source:
    """The text of a migration file, with the look-ups that call sites need.

    They raise HistoryError where the text is not Python.
    """

    def __init__(self, path: Path, text: str):
        self.path = path
        self.filename = str(path)
        self.text = text

    @kept
    def lines(self) -> list[str]:
        """The lines of the text."""
        return self.text.splitlines()

    @kept
    def code(self) -> CodeType:
        """The module, compiled."""
        return compile(self.text, self.filename, "exec", dont_inherit=True)

    @property
    def tree(self) -> ast.Module:
        """The module, parsed; it is not to be changed."""
        return parsed(self.path, self.text)

    @kept
    def head(self) -> Head | None:
        """The head of the file, if it can be told by the look of it."""
        return read_head(self.text)

    @kept
    def shape(self) -> str:
        """The shape of the head; empty where all of the file is `rest`."""
        shape = self.head.shape if self.head is not None else ""
        return "" if parsed_shape(shape) is None else shape

    @property
    def rest(self) -> ast.Module:
        """What follows the head, parsed, with its lines in the file; it is not to be changed."""
        return _rest(self)

    @kept
    def imported(self) -> tuple[tuple[str, int], ...]:
        """The modules imported by absolute name, with the line, in the order of the lines."""
        return tuple(sorted(self._noted[1], key=lambda found: found[1]))

    @kept
    def packages(self) -> frozenset[str]:
        """Those at the top of the modules imported, by the look of the text: more, not fewer."""
        if "\\\n" in self.text:
            return _packages(self.text)
        return _packages("\n".join(line for line in self.text.split("\n") if "import" in line))

    @kept
    def _noted(self) -> tuple[list[tuple[int, int]], list[tuple[str, int]]]:
        """First and last lines of all calls; the modules imported, and where."""
        calls: list[tuple[int, int]] = []
        imported: list[tuple[str, int]] = []
        for node in _nodes(self.tree):
            if isinstance(node, ast.Call):
                calls.append((node.lineno, node.end_lineno or node.lineno))
            elif isinstance(node, ast.Import):
                imported += ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.append((node.module, node.lineno))
        return calls, imported

    def site(self, frame: FrameType | None) -> Site | None:
        """The innermost place in this file among *frame* and its callers, or None."""
        via: list[Frame] = []
        while frame is not None:
            filename = frame.f_code.co_filename
            if filename == self.filename:
                line, end_line = self.call_at(frame.f_lineno)
                return Site(line, end_line, tuple(reversed(via)))
            if not is_library(filename):
                via.append(Frame(Path(filename), frame.f_lineno))
            frame = frame.f_back
        return None

    def call_at(self, line: int) -> tuple[int, int]:
        """First and last line of the call that is made at *line*.

        The same on every Python: some give the line of the method name in a chain of calls.
        """
        around = [(first, last) for first, last in self._noted[0] if first <= line <= last]
        starting = [last for first, last in around if first == line]
        if starting:
            return line, max(starting)
        if around:
            return min(around, key=lambda lines: lines[1] - lines[0])
        return line, line

    def function_line(self, name: str) -> int:
        """The line of the module's function *name*, or 1."""
        functions = (n for n in reversed(self.tree.body) if isinstance(n, ast.FunctionDef))
        return next((n.lineno for n in functions if n.name == name), 1)

    def find(self, text: str, start: int, stop: int) -> int | None:
        """The first line from *start* to *stop* that holds the first line of *text*."""
        first = next((line.strip() for line in text.splitlines() if line.strip()), "")
        return next(
            (n for n in range(start, stop + 1) if first and first in self.lines[n - 1]), None
        )


# The tree of a file is asked for several times while it is captured, and by then no other's is; the
# trees of all files of a long history would be most of its memory.
@lru_cache(maxsize=2)
def parsed(path: Path, text: str) -> ast.Module:
    """The module *text* of the file *path*; raises HistoryError when it is not Python."""
    try:
        return ast.parse(text, str(path))
    except SyntaxError as error:
        raise not_python(path, error) from error
    except _UNREADABLE as error:
        raise not_readable(path, error) from error


@lru_cache(maxsize=2)
def _rest(source: Source) -> ast.Module:
    """The module behind the lines of its head."""
    if source.head is None or not source.shape:
        return source.tree
    text, end = source.text, source.head.end
    try:
        return ast.parse("\n" * text.count("\n", 0, end) + text[end:], source.filename)
    except (SyntaxError, *_UNREADABLE):
        return source.tree  # it says what is wrong with all of it


def not_python(path: Path, error: SyntaxError) -> HistoryError:
    """What is said of the file *path* that Python refuses with *error*."""
    message = f"this migration is not valid Python: {error.msg}"
    return HistoryError(message, file=path, line=error.lineno)


def not_readable(path: Path, error: Exception) -> HistoryError:
    """What is said of the file *path* whose text cannot be had."""
    return HistoryError(f"this migration cannot be read: {error}", file=path)


# Nodes without calls or imports in them; most nodes of a tree are of these kinds.
_LEAVES = frozenset((ast.Name, ast.Constant, ast.Load, ast.Store, ast.Del, ast.alias, ast.arg))


def _nodes(tree: ast.Module) -> Iterator[ast.AST]:
    """As `ast.walk`, without the leaves, in half the time."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        yield node
        for name in node._fields:
            value = getattr(node, name, None)
            if type(value) is list:
                todo += [v for v in value if type(v) not in _LEAVES and isinstance(v, ast.AST)]
            elif type(value) not in _LEAVES and isinstance(value, ast.AST):
                todo.append(value)


@lru_cache(maxsize=64)
def _packages(text: str) -> frozenset[str]:
    """The packages that *text* imports; the lines that do so are the same in many files."""
    found = (module for modules in _IMPORT.findall(text) for module in modules)
    names = (name.strip("\\ \t\n") for several in found for name in several.split(","))
    return frozenset(re.split(r"\W", name)[0] for name in names) - {""}


@lru_cache(maxsize=4096)
def is_library(filename: str) -> bool:
    """Whether code in *filename* is Python's, Alembic's, SQLAlchemy's or migsafe's own."""
    return filename.startswith(_library_folders())


@lru_cache(maxsize=1)
def _library_folders() -> tuple[str, ...]:
    folders = ["<", str(Path(__file__).parent.parent)]
    for name in ("alembic", "sqlalchemy", "mako"):
        folders.append(str(Path(cast(str, importlib.import_module(name).__file__)).parent))
    return (*folders, *_standard_library())


@lru_cache(maxsize=1)
def _standard_library() -> tuple[str, ...]:
    """Python's own modules, file by file, as site-packages lies in the same folder."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    entries = (e for e in folder.iterdir() if e.name not in ("site-packages", "dist-packages"))
    return tuple(str(entry) for entry in sorted(entries))
