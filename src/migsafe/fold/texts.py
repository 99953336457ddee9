"""Names inside expression texts: which columns are mentioned, and renaming without a parser.

A deparsed expression is regular enough for its tokens to tell what a word is: a type comes after
``::``, a function before ``(``, a column is what remains.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

from migsafe.names import Name, quote_ident, quote_literal

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
      | (?P<string>[eE]?'(?:[^'\\]|''|\\.)*')
      | (?P<dollar>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
      | (?P<quoted>"(?:[^"]|"")+")
      | (?P<word>[^\W\d][\w$]*)
      | (?P<number>\d[\d.]*(?:[eE][+-]?\d+)?)
      | (?P<sign>::|.)""",
    re.VERBOSE | re.DOTALL,
)
_TYPE_STARTERS = ("::", "as")
_LITERAL_NAMES = ("nextval", "currval", "setval", "to_regclass")
_OF_SERIAL = re.compile(r"nextval\(('[\w.]+')::regclass\)")  # what most defaults with a name are


class Token(NamedTuple):
    """A token with its *kind*; *value* is the text, of an identifier the name it stands for."""

    kind: str
    text: str
    value: str


def tokens(sql: str) -> list[Token]:
    """The tokens of *sql*; joined, their texts are *sql* again."""
    found = []
    for match in _TOKEN.finditer(sql):
        kind, text = match.lastgroup or "sign", match[0]
        value = text.lower()
        if kind == "quoted":
            value = text[1:-1].replace('""', '"')
        found.append(Token("dollar" if kind == "tag" else kind, text, value))
    return found


def _is_name(token: Token | None) -> bool:
    return token is not None and token.kind in ("word", "quoted")


class _Chain(NamedTuple):
    """A dotted name: the indexes of its identifiers, and what stands before and after it."""

    places: tuple[int, ...]
    before: Token | None
    after: Token | None

    @property
    def calls(self) -> bool:
        return self.after is not None and self.after.text == "("

    @property
    def types(self) -> bool:
        return self.before is not None and self.before.value in _TYPE_STARTERS


def _chains(found: list[Token]) -> Iterator[_Chain]:
    solid = [i for i, token in enumerate(found) if token.kind != "space"]
    at = 0
    while at < len(solid):
        if not _is_name(found[solid[at]]):
            at += 1
            continue
        start, places = at, [solid[at]]
        while at + 2 < len(solid) and found[solid[at + 1]].text == ".":
            if not _is_name(found[solid[at + 2]]):
                break
            at += 2
            places.append(solid[at])
        before = found[solid[start - 1]] if start else None
        after = found[solid[at + 1]] if at + 1 < len(solid) else None
        yield _Chain(tuple(places), before, after)
        at += 1


def mentioned(sql: str | None, columns: Collection[str]) -> tuple[str, ...]:
    """Those of *columns* that the expression *sql* reads, in the order of their appearance."""
    if not sql:
        return ()
    found = tokens(sql)
    words = (found[c.places[-1]].value for c in _chains(found) if not (c.calls or c.types))
    return tuple(dict.fromkeys(word for word in words if word in columns))


def calls(sql: str | None) -> Iterator[Name]:
    """The functions that *sql* calls, as written."""
    found = tokens(sql or "")
    for chain in _chains(found):
        if chain.calls:
            yield _name(found, chain.places)


def literal_names(sql: str | None) -> Iterator[Name]:
    """The relations that *sql* names in strings, as ``nextval('users_id_seq')`` does."""
    serial = _OF_SERIAL.fullmatch(sql or "")
    found = [] if serial else tokens(sql or "")
    literals = [serial[1]] if serial else [found[place].text for place in _name_literals(found)]
    yield from (name for name in map(_parsed, literals) if name is not None)


def _name(found: list[Token], places: tuple[int, ...]) -> Name:
    values = [found[place].value for place in places][-2:]
    return Name(values[0] if len(values) == 2 else None, values[-1])


def _parsed(literal: str) -> Name | None:
    try:
        return Name.parse(literal[1:-1].replace("''", "'"))
    except ValueError:
        return None


def _name_literals(found: list[Token]) -> Iterator[int]:
    solid = [i for i, token in enumerate(found) if token.kind != "space"]
    for at, place in enumerate(solid):
        if found[place].kind != "string":
            continue
        following = [found[i].value for i in solid[at + 1 : at + 3]]
        leading = [found[i].value for i in solid[max(0, at - 2) : at]]
        if following == ["::", "regclass"] or (
            len(leading) == 2 and leading[0] in _LITERAL_NAMES and leading[1] == "("
        ):
            yield place


def rename_columns(sql: str, renamed: Mapping[str, str]) -> str:
    """*sql*, an expression over one table, with columns called by their new names."""
    found = tokens(sql)
    texts = [token.text for token in found]
    for chain in _chains(found):
        last = chain.places[-1]
        if not chain.calls and not chain.types and found[last].value in renamed:
            texts[last] = quote_ident(renamed[found[last].value])
    return "".join(texts)


_SOURCES = ("from", "join", "only", "update", "into")


def rename_names(sql: str, rename: Callable[[Name], Name | None], roles: Collection[str]) -> str:
    """*sql* with names replaced for which *rename* has a new one.

    *roles* are those in which a name counts: relation, type and function.
    """
    found = tokens(sql)
    texts = [token.text for token in found]
    for chain in _chains(found):
        places = chain.places
        if chain.types or chain.calls:
            role = "function" if chain.calls and not chain.types else "type"
        elif chain.before is not None and chain.before.value in _SOURCES:
            role = "relation"
        elif len(places) > 1:
            role, places = "relation", places[:-1]
        else:
            continue
        new = rename(_name(found, places)) if role in roles else None
        if new is not None:
            texts[places[-1]] = quote_ident(new.name)
            if len(places) > 1 and new.schema is not None:
                texts[places[-2]] = quote_ident(new.schema)
    if "relation" in roles:
        _rename_literals(found, texts, rename)
    return "".join(texts)


def _rename_literals(
    found: list[Token], texts: list[str], rename: Callable[[Name], Name | None]
) -> None:
    for place in _name_literals(found):
        old = _parsed(found[place].text)
        new = None if old is None else rename(old)
        if old is not None and new is not None:
            texts[place] = quote_literal(str(new if old.schema else Name(None, new.name)))
