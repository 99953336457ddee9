"""What a query reads, writes and calls, at any depth."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from migsafe.names import Name
from migsafe.sql import _pg
from migsafe.sql.mentioned import mentions
from migsafe.sql.nodes import call, relation
from migsafe.sql.parts import FunctionCall
from migsafe.sql.scopes import Mention
from migsafe.values import dataclass

_WRITING = frozenset({"insert_stmt", "update_stmt", "delete_stmt", "merge_stmt"})
_SKIPPED = frozenset({"into_clause", "locking_clause", "with_clause"})
_SKIPPED |= {"a_const", "column_ref", "string"}  # there is nothing in them


@dataclass(frozen=True)
class Facts:
    """Relations read, columns named, functions called, and data-changing WITH queries with the
    WITH names that each of them knows."""

    reads: tuple[Name, ...] = ()
    mentions: tuple[Mention, ...] = ()
    writing: tuple[tuple[Any, frozenset[str]], ...] = ()
    calls: tuple[FunctionCall, ...] = ()


def facts(message: Any, *, target: Any = None, common: frozenset[str] = frozenset()) -> Facts:
    """What *message* does besides changing *target*, a RangeVar of it that is not a read.

    *common* are the names of WITH queries around it.
    """
    reads: dict[Name, None] = {}
    calls: dict[FunctionCall, None] = {}
    writing: list[tuple[Any, frozenset[str]]] = []
    range_var = _pg.message_kind("RangeVar")
    for name, node, known in _scoped(message, common):
        if name in _WRITING and node is not message:
            writing.append((node, known))
        elif name == "func_call":
            calls[call(node)] = None
        elif type(node) is range_var and (target is None or node != target):
            found = relation(node)
            if found.schema is not None or found.name not in known:
                reads[found] = None
    named = mentions(_query(message), common)
    return Facts(tuple(reads), named, tuple(writing), tuple(calls))


def _query(message: Any) -> Any:
    """What a Node holds, or the message itself."""
    return _pg.unwrap(message)[1] if message.DESCRIPTOR.name == "Node" else message


def _scoped(message: Any, common: frozenset[str]) -> Iterator[tuple[str, Any, frozenset[str]]]:
    """Every message of a query with the WITH names that are known there.

    It stops at a data-changing query inside: that one is a statement of its own.
    """
    waiting: list[tuple[str, Any, frozenset[str]]] = [("", message, common)]
    while waiting:
        name, node, known = waiting.pop()
        yield name, node, known
        if name in _WRITING:
            continue
        if _has_with(node.__class__) and node.HasField("with_clause"):
            inside = list(_common_tables(node.with_clause, known))
            waiting.extend(reversed(inside))
            known = known | {cte.common_table_expr.ctename for cte in node.with_clause.ctes}
        waiting += [
            (field, item, known)
            for field, item in reversed(_pg.inside(node))
            if field not in _SKIPPED
        ]


@lru_cache(maxsize=512)
def _has_with(kind: Any) -> bool:
    """Whether messages of this *kind* may begin with WITH."""
    return "with_clause" in kind.DESCRIPTOR.fields_by_name


def _common_tables(clause: Any, known: frozenset[str]) -> Iterator[tuple[str, Any, frozenset[str]]]:
    """The queries of a WITH: each knows those before it and, only if recursive, itself."""
    if clause.recursive:
        known = known | {cte.common_table_expr.ctename for cte in clause.ctes}
    for cte in clause.ctes:
        yield "ctequery", cte.common_table_expr.ctequery, known
        known = known | {cte.common_table_expr.ctename}
