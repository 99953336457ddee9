"""What depends on several columns that get other types: it is away from the first to the last."""

from __future__ import annotations

from collections.abc import Sequence

from migsafe.autogen.convert import ConvertColumnOp, retold
from migsafe.autogen.dependents import Aside, foreign_keys
from migsafe.autogen.found import Found
from migsafe.catalog import Catalog
from migsafe.pgtypes import TypeRef


def share(state: Found, conversions: Sequence[ConvertColumnOp]) -> None:
    """Let what several of *conversions* put aside be dropped by the first, created by the last."""
    up = _users(conversions, [op.aside for op in conversions])
    back = _users(conversions[::-1], [op.back for op in conversions[::-1]])
    for op in conversions:
        told = (_retold(state, aside, up[aside.drop]) for aside in op.aside)
        op.aside = tuple(_part(aside, op, up[aside.drop]) for aside in told)
        op.back = tuple(_part(aside, op, back[aside.drop]) for aside in op.back)


def _users(
    conversions: Sequence[ConvertColumnOp], ways: Sequence[tuple[Aside, ...]]
) -> dict[str, list[ConvertColumnOp]]:
    users: dict[str, list[ConvertColumnOp]] = {}
    for op, way in zip(conversions, ways, strict=True):
        for aside in way:
            users.setdefault(aside.drop, []).append(op)
    return users


def _part(aside: Aside, op: ConvertColumnOp, users: list[ConvertColumnOp]) -> Aside:
    drop = aside.drop if users[0] is op else ""
    return Aside(drop, aside.create if users[-1] is op else (), aside.blocks)


def _retold(state: Found, aside: Aside, users: list[ConvertColumnOp]) -> Aside:
    for op in users if len(users) > 1 else ():
        old, new = (
            TypeRef(state.name(type_.name.name, type_.name.schema), type_.modifiers)
            for type_, _ in (op.old, op.new)
        )
        aside = retold(aside, old, new)
    return aside


def free_foreign_keys(
    state: Found, catalog: Catalog, conversions: Sequence[ConvertColumnOp]
) -> None:
    """Let the first of *conversions* that touches a foreign key drop it, the last create it.

    No enum has `=` with another type, so PostgreSQL lets neither end change under the key.
    *catalog* has no more what the script drops.
    """
    first: dict[Aside, ConvertColumnOp] = {}
    last: dict[Aside, ConvertColumnOp] = {}
    for op in conversions:
        key = (state.name(op.table.name, op.table.schema), op.column_name)
        for aside in foreign_keys(catalog, {key}) if op.enum else ():
            first.setdefault(aside, op)
            last[aside] = op
    for aside, op in first.items():
        op.aside = (*op.aside, Aside(aside.drop, ()))
        op.back = (*op.back, Aside("", aside.create))
    for aside, op in last.items():
        op.aside = (*op.aside, Aside("", aside.create))
        op.back = (*op.back, Aside(aside.drop, ()))
