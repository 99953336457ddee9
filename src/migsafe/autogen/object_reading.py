"""PostgreSQL reads declared objects: temporary copies of them, made and undone in one transaction.

No live object is locked but the tables that views read, for reading; no right is needed but TEMP.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alembic.util import CommandError

from migsafe import declare
from migsafe.autogen.object_domains import definition
from migsafe.autogen.object_kinds import (
    Wanted,
    canonical,
    copied_value,
    found_value,
    make,
    scratch,
    stand_in,
)
from migsafe.catalog import Catalog, Domain, Function, Policy, Trigger, View
from migsafe.introspect import introspect
from migsafe.introspect.reading import undone
from migsafe.names import Name, quote_literal
from migsafe.values import replace

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_ROUNDS = 4
_PLAIN = {"no_parameters": True}
_RESULT = "migsafe.objects"
_FORBIDDEN = ("25006", "42501")  # read_only_sql_transaction, insufficient_privilege
_SYNTAX = "42601"
# Every item is undone alone when it fails; bodies of functions are not looked at, since they may
# speak of tables that the same script creates.
_BLOCK = """
DECLARE work jsonb; item jsonb; step text; refused jsonb := '{}'; n int := 0;
BEGIN
  PERFORM set_config('check_function_bodies', 'off', true);
  FOR work IN SELECT * FROM jsonb_array_elements(%WORK%::jsonb) LOOP
    BEGIN
      FOR step IN SELECT * FROM jsonb_array_elements_text(work) LOOP EXECUTE step; END LOOP;
    EXCEPTION WHEN OTHERS THEN
      refused := refused || jsonb_build_object(n::text, jsonb_build_array(SQLSTATE, SQLERRM));
    END;
    n := n + 1;
  END LOOP;
  PERFORM set_config('%RESULT%', refused::text, true);
END
"""


@dataclass(frozen=True)
class Read:
    """What the server makes of a declared object.

    Attributes:
        value: the catalog's value, None where the server cannot read it yet.
        same: that it is what the database has; None where that could not be asked.
        in_place: that CREATE OR REPLACE leads from the one to the other and back.
    """

    value: Any = None
    same: bool | None = False
    in_place: bool = False


def read(connection: Connection, catalog: Catalog, every: Sequence[Wanted]) -> list[Read]:
    """Return what the server makes of *every* declared object, in their order.

    Raises CommandError for what is no SQL.
    """
    made, refused = _tried(connection, [_copy(catalog, one, n) for n, one in enumerate(every)])
    found = [_first(catalog, made, refused, one, n) for n, one in enumerate(every)]
    _stabilize(connection, catalog, every, found, made)
    _replace(connection, catalog, every, found)
    return found


def live_value(catalog: Catalog, one: Wanted, value: Any) -> Any:
    """Return what the database has for *one*, of which the server has made *value*."""
    arguments = value.arguments if isinstance(value, Function) else None
    return found_value(catalog, one, arguments)


def live_canonical(catalog: Catalog, one: Wanted, live: Any) -> tuple[str, ...]:
    """Return what the database has in the server's words."""
    indexes = catalog.indexes_of(one.name) if isinstance(live, View) else ()
    return canonical(live, one, indexes)


def _copy(catalog: Catalog, one: Wanted, number: int) -> list[str]:
    if isinstance(one.item, (declare.Schema, declare.Extension)):
        return []
    return scratch(one, number, on_view=one.table in catalog.views)


def _tried(
    connection: Connection, works: Sequence[Sequence[str]]
) -> tuple[Catalog, Mapping[str, tuple[str, str]]]:
    """Run *works* one after the other; return what they leave behind, and which were refused why.

    All is undone.
    """
    from sqlalchemy.exc import DBAPIError

    if not any(works):
        return Catalog(), {}
    block = _BLOCK.replace("%WORK%", quote_literal(json.dumps(works))).replace("%RESULT%", _RESULT)
    try:
        with undone(connection):
            connection.exec_driver_sql(f"DO {quote_literal(block)}", execution_options=_PLAIN)
            refused = connection.exec_driver_sql(f"SELECT current_setting('{_RESULT}')").scalar()
            made = introspect(connection, schemas=["pg_temp"])
    except DBAPIError as error:
        reason = str(error.orig).splitlines()[0]
        return Catalog(), {str(n): (_FORBIDDEN[0], reason) for n in range(len(works))}
    return made, json.loads(refused or "{}")


def _first(
    catalog: Catalog,
    made: Catalog,
    refused: Mapping[str, tuple[str, str]],
    one: Wanted,
    number: int,
) -> Read:
    state, message = refused.get(str(number), ("", ""))
    if state == _SYNTAX:
        raise CommandError(f"PostgreSQL cannot read the declared {one.display()}: {message}")
    if isinstance(one.item, (declare.Schema, declare.Extension)):
        return Read(None, found_value(catalog, one) is not None)
    if state:
        return Read(None, None if state in _FORBIDDEN else False)
    value = copied_value(made, one, number)
    live = live_value(catalog, one, value)
    if live is None:
        return Read(value, False)
    return Read(value, _said(made, one, value, number) == live_canonical(catalog, one, live))


def _said(made: Catalog, one: Wanted, value: Any, number: int) -> tuple[str, ...]:
    """Return what the temporary copy *value* says, under the names of the real object."""
    own = stand_in(number)
    indexes = []
    if isinstance(one.item, declare.MaterializedView):
        place = next(i for i in made.tables if i.name == f"{own}_rows")
        by_name = {index.name.name: index for index in made.indexes_of(place)}
        for n, index in enumerate(one.item.indexes):
            real = Name(one.name.schema, index.name)
            indexes.append(replace(by_name[f"{own}_{n}"], name=real, table=one.name))
    return canonical(value, one, sorted(indexes, key=lambda i: i.name), own)


def _stabilize(
    connection: Connection,
    catalog: Catalog,
    every: Sequence[Wanted],
    found: list[Read],
    first: Catalog,
) -> None:
    """Compare anew what differs: the server's text is no fixed point when it is read again.

    `p IN ('a', 'b')` is written in two ways before and after a dump and restore.
    """
    sides = dict(_sides(catalog, every, found, first))
    before: dict[int, list[tuple[str, ...]]] = {}
    for _ in range(_ROUNDS):
        texts = _read_again(connection, catalog, every, sides)
        for n, (declared, there) in texts.items():
            if declared == there:
                found[n] = replace(found[n], same=True)
        moving = {n for n, pair in texts.items() if pair[0] != pair[1] and pair != before.get(n)}
        sides = {n: pair for n, pair in sides.items() if n in moving}
        before = texts


def _sides(
    catalog: Catalog, every: Sequence[Wanted], found: Sequence[Read], first: Catalog
) -> Iterator[tuple[int, list[Wanted]]]:
    """Yield, for those that differ, the declared and the live version as declared ones."""
    for n, (one, result) in enumerate(zip(every, found, strict=True)):
        live = live_value(catalog, one, result.value)
        if result.value is None or live is None or result.same is not False:
            continue
        if isinstance(live, View):
            indexes = live_canonical(catalog, one, live)[1:]
            if indexes != _said(first, one, result.value, n)[1:]:
                continue
        both = [_again(one, result.value), _again(one, live)]
        pair = [side for side in both if side is not None]
        if len(pair) == len(both):
            yield n, pair


def _read_again(
    connection: Connection,
    catalog: Catalog,
    every: Sequence[Wanted],
    sides: dict[int, list[Wanted]],
) -> dict[int, list[tuple[str, ...]]]:
    """Return what the server makes of both *sides*, which become that; not what it refuses."""
    numbered = list(enumerate((n, side) for n, pair in sides.items() for side in pair))
    works = [
        scratch(side, number, on_view=side.table in catalog.views) for number, (_, side) in numbered
    ]
    made, refused = _tried(connection, works)
    texts: dict[int, list[tuple[str, ...]]] = {}
    for number, (n, side) in numbered:
        if str(number) not in refused:
            value = copied_value(made, side, number)
            texts.setdefault(n, []).append(_said(made, every[n], value, number))
            again = _again(every[n], value)
            assert again is not None
            sides[n] = [*sides[n][1:], again]
    return {n: pair for n, pair in texts.items() if len(pair) == 2}


def _again(one: Wanted, value: Any) -> Wanted | None:
    """Return the object that *value* is as a declared one; None for those that are always stable.

    The indexes of a materialised view stay the declared ones.
    """
    if isinstance(value, View) and isinstance(one.item, (declare.View, declare.MaterializedView)):
        return replace(one, item=replace(one.item, query=value.definition))
    if isinstance(value, Domain):
        return replace(one, item=replace(one.item, definition=definition(value)))
    if isinstance(value, (Trigger, Policy)) and one.table is not None:
        text = canonical(value, one)[0]
        head, _, tail = text.partition(f" ON {one.table} ")
        if isinstance(one.item, declare.Policy):
            return replace(one, item=replace(one.item, definition=tail))
        event = head.split(f"TRIGGER {Name(None, value.name)} ", 1)[1]
        return replace(one, item=replace(one.item, event=event, action=tail))
    return None


def _replace(
    connection: Connection, catalog: Catalog, every: Sequence[Wanted], found: list[Read]
) -> None:
    """Find out which of the objects that differ can be replaced in place, there and back."""
    asked: list[int] = []
    works: list[list[str]] = []
    for n, (one, result) in enumerate(zip(every, found, strict=True)):
        live = live_value(catalog, one, result.value)
        if result.same is not False or result.value is None or live is None:
            continue
        if isinstance(one.item, (declare.View, declare.Function)):
            asked.append(n)
            for way in (("old", "new"), ("new", "old")):
                place = Name("pg_temp", f"{stand_in(n)}_{way[0]}")
                versions = {"new": _new_text(one, place), "old": _old_text(live, one, place)}
                again = versions[way[1]].replace("CREATE ", "CREATE OR REPLACE ", 1)
                works.append([versions[way[0]], again])
    _, refused = _tried(connection, works)
    for pair, n in enumerate(asked):
        if not {str(2 * pair), str(2 * pair + 1)} & set(refused):
            found[n] = replace(found[n], in_place=True)


def _new_text(one: Wanted, place: Name) -> str:
    return next(make(one.item, place))


def _old_text(live: Any, one: Wanted, place: Name) -> str:
    if isinstance(live, Function):
        text = (live.definition or "").strip().replace(f"{one.name}(", f"{place}(", 1)
        return text.replace("CREATE OR REPLACE ", "CREATE ", 1)
    return f"CREATE VIEW {place} AS {live.definition.strip().rstrip(';')}"
