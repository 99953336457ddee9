"""PostgreSQL's own grammar, and the guards it needs; nothing else imports the parser.

The parser is libpg_query behind postgast. It works on bytes, cuts texts at a NUL, overflows the C
stack on very deep expressions, and its protobuf form is refused beyond a depth of 100 messages.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from migsafe.errors import SqlError

if TYPE_CHECKING:
    from migsafe.sql._library import Fields, Library

MAX_BYTES = 16 << 20
MAX_DEPTH = 300
_SHORTEST_DEEP = 2 * MAX_DEPTH
_JSON_DEPTH = 4000
_PIECE = re.compile(r"\w+|[^\w\s]", re.ASCII)  # at least as many as there are tokens

# libpg_query issue 337: an absent variable of a trigger function is written with a brace too many.
_EXTRA_BRACE = re.compile(r"(?<=[\[,])\{\}\}(?=,)")

# Names of scanner tokens; a sign is ASCII_ and its number.
_NESTING_NAMES = """Op TYPECAST NOT NOT_LA IS ISNULL NOTNULL LIKE ILIKE SIMILAR BETWEEN IN_P COLLATE
    AT OPERATOR LESS_EQUALS GREATER_EQUALS NOT_EQUALS EQUALS_GREATER"""
_RESTARTING_NAMES = "AND OR SELECT FROM WHERE WHEN THEN ELSE SET ON VALUES"
_STACKING_NAMES = "UNION INTERSECT EXCEPT JOIN EXPLAIN WITH WITH_LA"


def _signs(signs: str) -> frozenset[str]:
    return frozenset(f"ASCII_{ord(sign)}" for sign in signs)


_OPENING = _signs("([") | {"CASE"}
_CLOSING = _signs(")]") | {"END_P"}
_NESTING = _signs("+-*/%^<>=") | frozenset(_NESTING_NAMES.split())
_RESTARTING = _signs(",;") | frozenset(_RESTARTING_NAMES.split())
_STACKING = frozenset(_STACKING_NAMES.split())
_KEYWORDS = frozenset(_RESTARTING_NAMES.split()) | _STACKING | {"CASE", "END_P"}
_DISTINCT_FROM = ("DISTINCT", "FROM")


class Token(NamedTuple):
    """A token of the scanner: its name there and its place in bytes."""

    kind: str
    start: int
    end: int


class ParseFailure(SqlError):
    """The grammar refuses the text, which is otherwise safe to parse."""


@lru_cache(maxsize=1)
def _library() -> Library:
    # Loaded when something is read: most runs read nothing.
    from migsafe.sql._library import Library

    try:
        return Library()
    except (ImportError, OSError) as error:
        raise SqlError(f"the SQL parser postgast could not be loaded: {error}") from error


def encode(text: str) -> bytes:
    """*text* as the parser takes it; raises SqlError where the parser would misread it."""
    if "\0" in text:
        raise SqlError("the text contains a NUL character, which PostgreSQL does not accept")
    try:
        encoded = text.encode()
    except UnicodeEncodeError as error:
        raise SqlError("the text contains half of a surrogate pair and is no Unicode") from error
    if len(encoded) > MAX_BYTES:
        raise SqlError(f"the text is larger than {MAX_BYTES >> 20} MiB")
    return encoded


def scan(text: str) -> list[Token]:
    """The tokens of *text*, comments included; raises SqlError when a string is not closed."""
    encoded, library = encode(text), _library()
    try:
        found = library.scan(encoded)
    except library.Refusal as error:
        raise ParseFailure(str(error)) from error
    names = library.tokens
    return [Token(names.get(token.token, ""), token.start, token.end) for token in found.tokens]


def depth(tokens: list[Token]) -> int:
    """An upper bound for how deep the tree of *tokens* nests, found without recursion.

    Operators in a row nest, and so does what is in parentheses and CASE. A closed part counts for
    what follows it, as the left operand of that. AND, OR and commas start anew: lists are flat.
    """
    base, current, deepest, previous = 0, 0, 0, ""
    outer: list[tuple[str, int, int]] = []
    for kind in (token.kind for token in tokens):
        if (previous == "ASCII_46" and kind in _KEYWORDS) or (previous, kind) == _DISTINCT_FROM:
            # After a dot every keyword is a name, and IS DISTINCT FROM is an operator.
            pass
        elif kind in _NESTING:
            current += 1
        elif kind in _OPENING:
            outer.append((kind, base, current))
            base = current = current + 1
        elif kind in _CLOSING:
            base, current = _closed(kind, outer, base, current)
        elif kind in _STACKING:
            base = current = base + 1
        elif kind in _RESTARTING:
            current = base
        deepest, previous = max(deepest, current), kind
    return deepest


def _closed(
    kind: str, outer: list[tuple[str, int, int]], base: int, current: int
) -> tuple[int, int]:
    """Base and current depth after a closing token; END closes nothing but a CASE."""
    if kind == "END_P" and (not outer or outer[-1][0] != "CASE"):
        return base, current
    while outer:
        opener, base, before = outer.pop()
        current = max(before, current)
        if kind == "END_P" or opener != "CASE":
            break
    return base, current


def statements(text: str, tokens: list[Token] | None = None) -> list[Any]:
    """The RawStmt messages of *text*, whose *tokens* are scanned if they are not given.

    Raises ParseFailure for a syntax error, SqlError for a text that is not safe to parse.
    """
    encoded = encode(text)
    is_long = len(encoded) > _SHORTEST_DEEP and len(_PIECE.findall(text)) > MAX_DEPTH
    if is_long and depth(tokens or scan(text)) > MAX_DEPTH:
        raise SqlError(f"an expression nests deeper than {MAX_DEPTH} levels, too complex to read")
    library = _library()
    try:
        return list(library.parse(encoded).stmts)
    except library.Refusal as error:
        raise ParseFailure(str(error)) from error
    except library.Undecoded:
        return _through_json(encoded)


def _through_json(encoded: bytes) -> list[Any]:
    """The same messages by way of JSON, which has no limit of its own on depth."""
    library, json_format = _library(), importlib.import_module("google.protobuf.json_format")
    tree, message = library.json(encoded), library.ParseResult()
    try:
        json_format.ParseDict(json.loads(tree), message, max_recursion_depth=_JSON_DEPTH)
    except (RecursionError, json_format.ParseError) as error:
        raise SqlError("the statement nests too deep to be read") from error
    return list(message.stmts)


def plpgsql(text: str) -> Any:
    """The PL/pgSQL tree, as JSON values, of a DO or CREATE FUNCTION statement.

    Raises ParseFailure when the body is not PL/pgSQL, SqlError when it is not safe to parse.
    """
    encoded, library = encode(text), _library()
    try:
        tree = library.plpgsql(encoded)
    except library.Refusal as error:
        raise ParseFailure(str(error)) from error
    try:
        return json.loads(_EXTRA_BRACE.sub("{}", tree))
    except (ValueError, RecursionError) as error:
        raise SqlError("the body nests too deep to be read") from error


_STATEMENT = (("RawStmt", "stmt"), ("ParseResult", "stmts"))
_COLUMN = (("ResTarget", "val"), ("Node", "res_target"), ("SelectStmt", "target_list"))
_SELECTED = (*_COLUMN, ("Node", "select_stmt"), *_STATEMENT)


def deparse_statement(node: Any) -> str:
    """The SQL of a statement's Node message; raises SqlError when it cannot be written."""
    return _deparsed(node, _STATEMENT)


def deparse_expression(node: Any) -> str:
    """The SQL of an expression's Node message."""
    return _deparsed(node, _SELECTED).removeprefix("SELECT ")


def _deparsed(node: Any, around: Fields) -> str:
    library = _library()
    try:
        return library.deparse(node, around)
    except library.Refusal as error:
        raise SqlError(f"the statement cannot be written back: {error}") from error


def expression_node(sql: str) -> Any:
    """The Node message of the expression *sql*; raises SqlError when it is none."""
    parsed = statements(f"SELECT {sql}")
    if len(parsed) != 1 or parsed[0].stmt.WhichOneof("node") != "select_stmt":
        raise SqlError("the text is not one expression")
    select = parsed[0].stmt.select_stmt
    if len(select.target_list) != 1 or len(select.ListFields()) > 3:
        raise SqlError("the text is not one expression")
    return select.target_list[0].res_target.val


def message_kind(name: str) -> Any:
    """The class of the messages called *name*, such as Node or RangeVar."""
    return _library().kind(name)


def unwrap(node: Any) -> tuple[str, Any]:
    """The name of the message that a Node holds (empty if none), and that message."""
    kind = node.WhichOneof("node") or ""
    return kind, getattr(node, kind) if kind else None


def walk(message: Any) -> Iterator[tuple[str, Any]]:
    """Every message below *message*, itself included, outermost first, as `inside` names them."""
    waiting: list[tuple[str, Any]] = [("", message)]
    while waiting:
        found = waiting.pop()
        yield found
        waiting += reversed(inside(found[1]))


def inside(message: Any) -> list[tuple[str, Any]]:
    """The messages that *message* is made of, in their order, with the names of their fields.

    What a Node holds stands for it: to go through its fields, one for each kind, takes long.
    """
    node = _library().node
    if type(message) is node:
        kind, held = unwrap(message)
        return [(kind, held)] if kind else []
    found: list[tuple[str, Any]] = []
    for name, item in fields(message):
        if type(item) is not node:
            found.append((name, item))
        elif kind := item.WhichOneof("node"):
            found.append((kind, getattr(item, kind)))
    return found


def fields(message: Any) -> list[tuple[str, Any]]:
    """The messages in the fields of *message*, Nodes as they are, with the names of the fields."""
    # A field says in other ways with every protobuf whether it is repeated.
    one = _library().Message
    found: list[tuple[str, Any]] = []
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if isinstance(value, one):
            found.append((field.name, value))
        else:
            name = field.name
            found += [(name, item) for item in value]
    return found


def wrap(kind: str, message: Any) -> Any:
    """A Node that holds a copy of *message*."""
    node = message_kind("Node")()
    getattr(node, kind).CopyFrom(message)
    return node
