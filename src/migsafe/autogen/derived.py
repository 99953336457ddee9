"""Types that are made of an enum: domains, composites and ranges, as statements to rebuild them."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.autogen.creation import commented, granted
from migsafe.autogen.dependents import names_type, signature
from migsafe.catalog import Catalog, Composite, Domain, Enum, Range
from migsafe.names import Name, quote_ident
from migsafe.pgtypes import TypeRef

Derived = Domain | Composite | Range


def derived(catalog: Catalog, base: Name) -> list[Derived]:
    """Return the types that are made of *base*, or of such types, each after those it needs."""
    found: list[Derived] = []

    def visit(name: Name) -> None:
        for other in sorted(catalog.types.values(), key=lambda t: t.name):
            if not isinstance(other, Enum) and name in parts(other):
                if other in found:
                    found.remove(other)
                found.append(other)
                for made in names_of(other):
                    visit(made)

    visit(base)
    return found


def is_used_elsewhere(catalog: Catalog, name: Name) -> bool:
    """Whether anything but columns of tables is made of the type *name*."""
    texts = [signature(function) for function in catalog.functions.values()]
    texts += [view.definition for view in catalog.views.values()]
    return bool(derived(catalog, name)) or any(names_type(text, [name]) for text in texts)


def parts(type_: Derived) -> set[Name]:
    """Return the names of the types that *type_* is made of."""
    if isinstance(type_, Domain):
        return {type_.base.name}
    if isinstance(type_, Range):
        return {type_.subtype.name}
    return {attribute.name for _, attribute, _ in type_.attributes}


def names_of(type_: Derived) -> tuple[Name, ...]:
    """Return the names that *type_* goes by: a range has that of its multirange too."""
    if isinstance(type_, Range) and type_.multirange:
        return type_.name, multirange(type_)
    return (type_.name,)


def multirange(type_: Range) -> Name:
    """Return the name of the multirange of *type_*."""
    return Name(type_.name.schema, type_.multirange or "")


def drop(type_: Derived) -> str:
    """Return the statement that drops *type_*."""
    return f"DROP {'DOMAIN' if isinstance(type_, Domain) else 'TYPE'} IF EXISTS {type_.name}"


def create(type_: Derived) -> Iterator[str]:
    """Yield the statements that create *type_* with its comments and privileges."""
    kind = "DOMAIN" if isinstance(type_, Domain) else "TYPE"
    if isinstance(type_, Domain):
        yield from _domain(type_)
    elif isinstance(type_, Composite):
        yield from _composite(type_)
    else:
        yield _range(type_)
    yield from commented(f"{kind} {type_.name}", type_.comment)
    yield from granted(f"TYPE {type_.name}", type_.acl, type_.owner)


def _domain(domain: Domain) -> Iterator[str]:
    text = f"CREATE DOMAIN {domain.name} AS {domain.base}"
    text += f" COLLATE {domain.collation}" if domain.collation is not None else ""
    text += f" DEFAULT {domain.default}" if domain.default is not None else ""
    yield text + (" NOT NULL" if domain.not_null else "")
    for check in domain.constraints:
        name = quote_ident(check.name)
        valid = "" if check.validated else " NOT VALID"
        yield f"ALTER DOMAIN {domain.name} ADD CONSTRAINT {name} CHECK ({check.expression}){valid}"
        yield from commented(f"CONSTRAINT {name} ON DOMAIN {domain.name}", check.comment)


def _composite(composite: Composite) -> Iterator[str]:
    attributes = ", ".join(
        f"{quote_ident(name)} {type_}" + (f" COLLATE {collation}" if collation is not None else "")
        for name, type_, collation in composite.attributes
    )
    yield f"CREATE TYPE {composite.name} AS ({attributes})"
    for name, comment in composite.attribute_comments:
        yield from commented(f"COLUMN {composite.name}.{quote_ident(name)}", comment)


def _range(type_: Range) -> str:
    options = [f"subtype = {type_.subtype}"]
    if type_.opclass:
        options.append(f"subtype_opclass = {type_.opclass}")
    if type_.collation is not None:
        options.append(f"collation = {type_.collation}")
    if type_.multirange:
        options.append(f"multirange_type_name = {multirange(type_)}")
    return f"CREATE TYPE {type_.name} AS RANGE ({', '.join(options)})"


def holders(types: list[Derived], base: Name, column: str, of: TypeRef) -> str:
    """Return the labels of *base* in *column*, a value of the type *of*, as an SQL array of text.

    NULL where they cannot be told by a simple expression.
    """
    known = {name: type_ for type_ in types for name in names_of(type_)}
    type_ = known.get(of.name)
    if isinstance(type_, Domain):
        inner = _basic(known, of)
        if inner.name != base:
            return "NULL"
        plain = not (of.dimensions or inner.dimensions)
        return f"ARRAY[{column}::text]" if plain else f"{column}::text[]"
    if isinstance(type_, Composite) and not of.dimensions:
        mine = [name for name, part, _ in type_.attributes if part == TypeRef(base)]
        if mine:
            return "ARRAY[" + ", ".join(f"({column}).{quote_ident(n)}::text" for n in mine) + "]"
    if isinstance(type_, Range) and not of.dimensions and of.name == type_.name:
        return f"ARRAY[lower({column})::text, upper({column})::text]"
    return "NULL"


def _basic(known: dict[Name, Derived], of: TypeRef) -> TypeRef:
    """Return what the domain *of* is of in the end."""
    while isinstance(domain := known.get(of.name), Domain):
        of = domain.base
    return of
