"""Looks into DO blocks and function bodies: the statements they hold, and why there may be more."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from migsafe.errors import SqlError
from migsafe.sql import _pg
from migsafe.sql.commands import Unrecognised
from migsafe.sql.flow import Handler, Section
from migsafe.sql.objects import CreateFunction, Do
from migsafe.sql.parts import Parsed
from migsafe.sql.rows import Select
from migsafe.sql.scopes import without_mentions
from migsafe.sql.texts import constant_text
from migsafe.values import dataclass, replace

Parse = Callable[[str], tuple[Parsed, ...]]
_DYNAMIC = {
    "PLpgSQL_stmt_dynexecute": "query",
    "PLpgSQL_stmt_dynfors": "query",
    "PLpgSQL_stmt_return_query": "dynquery",
    "PLpgSQL_stmt_open": "dynquery",
}
BUILT_AT_RUN_TIME = "EXECUTE runs a text that is only built at run time"


@dataclass(frozen=True)
class _Query:
    """A text inside a body; *kind* is statement, expression or dynamic; *line* from 1."""

    sql: str
    line: int
    kind: str


@dataclass(frozen=True)
class _Edge:
    """Where a part of a body begins (*kind* try, catch, if) or ends (*kind* end)."""

    kind: str
    conditions: tuple[str, ...] = ()


def look_into(parsed: Parsed, parse: Parse) -> Parsed:
    """*parsed* with the statements in its body, when it is a DO or CREATE FUNCTION."""
    statement = parsed.statement
    if isinstance(statement, CreateFunction) and statement.standard_body:
        statement = replace(statement, body=_standard_body(parsed.sql))
    if not isinstance(statement, (Do, CreateFunction)) or statement.body is None:
        return parsed
    body = statement.body
    start, line = _body_place(parsed, body)
    nested, sections, unknown = _contents(parsed.sql, statement, parse)
    placed = tuple(
        replace(n, start=start + n.start if start is not None else parsed.start, line=line + n.line)
        for n in nested
    )
    looked = replace(statement, nested=placed, sections=sections, unknown=unknown)
    return replace(parsed, statement=looked)


def _body_place(parsed: Parsed, body: str) -> tuple[int | None, int]:
    """Where the body starts, if it stands there letter by letter, and the lines before it."""
    offset = parsed.sql.find(body)
    before = parsed.line - 1
    if offset < 0:
        return None, before
    return parsed.start + offset, before + parsed.sql.count("\n", 0, offset)


def _standard_body(sql: str) -> str:
    """What stands between BEGIN ATOMIC and its END, or the RETURN at the end."""
    encoded = sql.encode()
    tokens = _pg.scan(sql)
    kinds = [token.kind for token in tokens]
    if "ATOMIC" in kinds:
        last = len(kinds) - 1 - kinds[::-1].index("END_P")
        return encoded[tokens[kinds.index("ATOMIC")].end : tokens[last].start].decode()
    return encoded[tokens[kinds.index("RETURN")].start :].decode()


def _returns_as_selects(body: str) -> str:
    """RETURN is no statement of its own, and happens to be as long as SELECT."""
    encoded = bytearray(body.encode())
    for token in _pg.scan(body):
        if token.kind == "RETURN":
            encoded[token.start : token.end] = b"SELECT"
    return encoded.decode()


def _contents(
    sql: str, statement: Do | CreateFunction, parse: Parse
) -> tuple[tuple[Parsed, ...], tuple[Section, ...], str | None]:
    language, body = statement.language, statement.body or ""
    if language == "sql":
        standard = isinstance(statement, CreateFunction) and statement.standard_body
        nested = parse(_returns_as_selects(body) if standard else body)
        return nested, (), _why(nested)
    if language != "plpgsql":
        return (), (), f"a body in {language} is not read"
    try:
        tree = _pg.plpgsql(sql)
    except SqlError as error:
        return (), (), f"the body could not be read: {error.message}"
    found: list[Parsed] = []
    edges: list[tuple[_Edge, int]] = []
    reasons: list[str] = []
    for query in _queries(tree, 1):
        if isinstance(query, _Edge):
            edges.append((query, len(found)))
            continue
        nested, reason = _nested(query, body, parse)
        found.extend(nested)
        reasons.extend([reason] if reason else [])
    return tuple(found), _sections(edges), "; ".join(dict.fromkeys(reasons)) or None


def _sections(edges: list[tuple[_Edge, int]]) -> tuple[Section, ...]:
    """The parts between *edges*, outer ones before those inside them."""
    found: list[Section] = []
    opened: list[tuple[int, list[tuple[tuple[str, ...], int]]]] = []
    for edge, at in edges:
        if edge.kind == "catch":
            opened[-1][1].append((edge.conditions, at))
        elif edge.kind != "end":
            opened.append((at, []))
        else:
            start, caught = opened.pop()
            starts = [place for _, place in caught]
            handlers = tuple(
                Handler(conditions, place, stop)
                for (conditions, place), stop in zip(caught, (*starts[1:], at), strict=False)
            )
            found.append(Section(start, starts[0] if starts else at, handlers))
    # An inner part ends before the one around it; an empty one holds no statement.
    found.reverse()
    return tuple(sorted((s for s in found if s.end > s.start), key=lambda s: (s.start, -s.end)))


def _why(nested: tuple[Parsed, ...]) -> str | None:
    reasons = (p.statement.why for p in nested if isinstance(p.statement, Unrecognised))
    inner = (p.statement.unknown for p in nested if isinstance(p.statement, Do))
    return "; ".join(dict.fromkeys(r for r in (*reasons, *inner) if r)) or None


def _nested(query: _Query, body: str, parse: Parse) -> tuple[tuple[Parsed, ...], str | None]:
    text: str | None = query.sql
    if query.kind == "dynamic":
        text = constant_text(query.sql)
        if text is None:
            return (), BUILT_AT_RUN_TIME
    elif query.kind == "expression":
        text = f"SELECT {query.sql}"
    offset = _offset(body, query)
    moved = tuple(
        replace(p, start=offset, line=query.line + (p.line - 1 if query.kind != "dynamic" else 0))
        for p in parse(text or "")
        if query.kind != "expression" or _does_something(p)
    )
    if query.kind != "dynamic":
        moved = tuple(replace(p, statement=without_mentions(p.statement)) for p in moved)
    return moved, _why(moved)


def _does_something(parsed: Parsed) -> bool:
    select = parsed.statement
    return not isinstance(select, Select) or bool(select.reads or select.calls)


def _offset(body: str, query: _Query) -> int:
    """Where the query stands in the body: at or after its line."""
    start = 0
    for _ in range(query.line - 1):
        start = body.find("\n", start) + 1
    found = body.find(query.sql, start)
    return found if found >= 0 else start


def _queries(tree: Any, line: int) -> Iterator[_Query | _Edge]:
    """Every query of a PL/pgSQL tree in the order of the text."""
    if isinstance(tree, list):
        for item in tree:
            yield from _queries(item, line)
    elif isinstance(tree, dict):
        for key, value in sorted(tree.items(), key=lambda item: _is_loop_body(item[0], tree)):
            if key == "datums":
                continue
            if key in _BRANCHES or _is_loop(key, tree):
                yield _Edge("if")
                yield from _queries(value, line)
                yield _Edge("end")
            elif key == "PLpgSQL_stmt_block" and "exceptions" in value:
                yield from _protected(value)
            elif key in _DYNAMIC and _DYNAMIC[key] in value:
                yield from _dynamic(key, value, line)
            elif key == "PLpgSQL_expr":
                yield _static(value, line)
            else:
                yield from _queries(value, _line(value, line))


_BRANCHES = frozenset({"then_body", "else_body", "stmts", "else_stmts"})


def _is_loop(key: str, holder: Any) -> bool:
    """Whether *key* is the body of a loop that may run no time; LOOP alone runs once at least."""
    return key == "body" and not {"query", "expr", "cond", "lower", "curvar"}.isdisjoint(holder)


def _protected(block: Any) -> Iterator[_Query | _Edge]:
    """BEGIN … EXCEPTION: the statements, then those of each handler."""
    line = _line(block, 1)
    yield _Edge("try")
    yield from _queries(block.get("body", []), line)
    for item in block["exceptions"]["PLpgSQL_exception_block"]["exc_list"]:
        handler = item["PLpgSQL_exception"]
        conditions = (c["PLpgSQL_condition"] for c in handler.get("conditions", ()))
        yield _Edge("catch", tuple(c["condname"] for c in conditions))
        yield from _queries(handler.get("action", []), line)
    yield _Edge("end")


def _is_loop_body(key: str, holder: Any) -> bool:
    """Whether *key* is the body of a loop, which is written before the loop's own query."""
    return key == "body" and ("query" in holder or "expr" in holder)


def _line(value: Any, line: int) -> int:
    return int(value.get("lineno", line)) if isinstance(value, dict) else line


def _dynamic(key: str, value: Any, line: int) -> Iterator[_Query | _Edge]:
    at = _line(value, line)
    yield _Query(value[_DYNAMIC[key]]["PLpgSQL_expr"]["query"], at, "dynamic")
    others = {name: inner for name, inner in value.items() if name != _DYNAMIC[key]}
    yield from _queries(others, at)


# RawParseMode of parser.h: 0 is a statement, 2 an expression, 3 to 5 an assignment.
def _static(expression: Any, line: int) -> _Query:
    mode = expression.get("parseMode", 0)
    sql = expression["query"]
    if mode in (3, 4, 5):
        sql = re.split(r":?=", sql, maxsplit=1)[-1]
    return _Query(sql.strip(), line, "statement" if mode == 0 else "expression")
