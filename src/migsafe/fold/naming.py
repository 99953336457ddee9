"""The names PostgreSQL gives to what the user left unnamed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from migsafe.catalog import Catalog, Composite, Domain
from migsafe.names import Name

LONGEST = 63  # NAMEDATALEN - 1, in bytes


def clip(text: str, size: int) -> str:
    """*text* cut to at most *size* bytes, never inside a character (``pg_mbcliplen``)."""
    return text.encode()[:size].decode(errors="ignore") if size > 0 else ""


def object_name(first: str, second: str | None, label: str) -> str:
    """``first_second_label``, the longer part cut until it fits (``makeObjectName``)."""
    spare = LONGEST - len(label.encode()) - 1 - (0 if second is None else 1)
    one, two = len(first.encode()), len((second or "").encode())
    while one + two > spare:
        if one > two:
            one -= 1
        else:
            two -= 1
    parts = [clip(first, one)] if second is None else [clip(first, one), clip(second, two)]
    return "_".join([*parts, label])


def numbered(label: str) -> Iterator[str]:
    """*label*, then ``label1``, ``label2`` and so on."""
    yield label
    count = 0
    while True:
        count += 1
        yield f"{label}{count}"


def relation_exists(catalog: Catalog, name: Name) -> bool:
    """Whether pg_class holds a relation with this qualified name."""
    return catalog.has(name) and (
        catalog.relation(name) is not None or isinstance(catalog.types.get(name), Composite)
    )


def constraint_exists(catalog: Catalog, schema: str | None, name: str) -> bool:
    """Whether any table or domain of *schema* has a constraint of this name."""
    for table in catalog.marked("tables", name):
        if table.name.schema == schema and table.constraint(name) is not None:
            return True
    domains = [t for t in catalog.types.values() if isinstance(t, Domain)]
    return any(name == c.name for d in domains if d.name.schema == schema for c in d.constraints)


def choose_relation(
    catalog: Catalog, table: Name, second: str | None, label: str, *, constraint: bool = False
) -> Name:
    """A free name for a relation of *table* (``ChooseRelationName``); *constraint*: for both."""
    for suffix in numbered(label):
        found = Name(table.schema, object_name(table.name, second, suffix))
        if relation_exists(catalog, found):
            continue
        if not (constraint and constraint_exists(catalog, table.schema, found.name)):
            return found
    raise AssertionError("numbers end")


def choose_constraint(
    catalog: Catalog,
    table: Name,
    second: str | None,
    label: str,
    *,
    reserved: Collection[str] = (),
) -> str:
    """A free name for a constraint of *table* or of a domain (``ChooseConstraintName``)."""
    for suffix in numbered(label):
        found = object_name(table.name, second, suffix)
        if found not in reserved and not constraint_exists(catalog, table.schema, found):
            return found
    raise AssertionError("numbers end")


def joined(columns: Iterable[str]) -> str:
    """Column names as the middle of a name (``ChooseIndexNameAddition``)."""
    text = ""
    for column in columns:
        text += ("_" if text else "") + clip(column, LONGEST)
        if len(text.encode()) > LONGEST:
            break
    return text


def index_columns(wanted: Iterable[str | None]) -> tuple[str, ...]:
    """Distinct names for the columns of an index; None is an expression without a name."""
    chosen: list[str] = []
    for original in wanted:
        name, count = original or "expr", 0
        while name in chosen:
            count += 1
            name = clip(original or "expr", LONGEST - len(str(count))) + str(count)
        chosen.append(name)
    return tuple(chosen)


def choose_index(
    catalog: Catalog, table: Name, columns: Iterable[str | None], *, label: str = "idx"
) -> Name:
    """The name of an unnamed index (``ChooseIndexName``).

    *label* is pkey, key or excl for the index of a constraint; *columns* the keys, then INCLUDE.
    """
    second = None if label == "pkey" else joined(index_columns(columns))
    return choose_relation(catalog, table, second, label, constraint=label != "idx")
