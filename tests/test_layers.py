"""The architecture as a test: who may import whom, and how large things may grow."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parent.parent / "src" / "migsafe"
LAYERS = [
    ["errors", "names", "locks", "values", "declare"],
    ["cache"],
    ["printed"],
    ["settings"],
    ["pgtypes"],
    ["sql"],
    ["catalog"],
    ["introspect"],
    ["fold"],
    ["session"],
    ["effects"],
    ["capture"],
    ["server"],
    ["stats"],
    ["measure"],
    ["seed"],
    ["roundtrip"],
    ["trace"],
    ["rule"],
    ["rules"],
    ["config"],
    ["check"],
    ["report"],
    ["fix"],
    ["autogen"],
    ["plugin"],
    ["guard"],
    ["models"],
    ["pytest_plugin"],
    ["pytest_tests"],
    ["cli"],
]
ROW = {module: row for row, modules in enumerate(LAYERS) for module in modules}
FILE_LINES = 300
FUNCTION_LINES = 40


def modules() -> list[Path]:
    return sorted(p for p in SRC.rglob("*.py") if p.name != "__main__.py")


def top(path: Path) -> str:
    return path.relative_to(SRC).with_suffix("").parts[0]


def imported(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [f"{node.module}.{a.name}" for a in node.names]
            names = names if node.module == "migsafe" else [node.module]
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "migsafe" and len(parts) > 1 and not parts[1].startswith("__"):
                yield parts[1], node.lineno


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SRC)))
def test_a_module_imports_only_from_above(path: Path) -> None:
    """Data flows one way: a module imports only from rows above its own."""
    if path == SRC / "__init__.py":
        assert not list(imported(path))
        return
    mine = top(path)
    assert mine in ROW, f"{mine} has no row in LAYERS"
    wrong = [
        f"line {line}: {theirs}"
        for theirs, line in imported(path)
        if theirs != mine and ROW.get(theirs, len(LAYERS)) >= ROW[mine]
    ]
    assert not wrong


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SRC)))
def test_files_and_functions_stay_small(path: Path) -> None:
    """A file has at most 300 lines, a function 40."""
    text = path.read_text()
    assert text.count("\n") <= FILE_LINES
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    ]
    assert not long


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SRC)))
def test_every_module_says_what_it_is_for(path: Path) -> None:
    """A module opens with a docstring."""
    assert ast.get_docstring(ast.parse(path.read_text())), "no module docstring"
