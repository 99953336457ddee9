"""The text of each file of a new model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from migsafe.models.scaffold.blueprint import MIXIN_CLASSES, Blueprint, Imported
from migsafe.models.scaffold.columns import (
    enum_classes,
    model_lines,
    optional,
    python_default,
    python_type,
)
from migsafe.models.scaffold.fields import NUMBERS, RANGES, SIZED, Field
from migsafe.models.scaffold.imports import with_imports
from migsafe.models.scaffold.source import Code, call, joined, lines, quoted
from migsafe.models.scaffold.values import sample
from migsafe.models.scaffold.wording import camel
from migsafe.names import quote_ident

_TEMPLATES = Path(__file__).parent / "templates"
_OF_QUERIES = frozenset({"query", "select", "col"})  # names that repositories use themselves
_WHOLE = {"smallint": "SmallInteger", "int": "Integer", "bigint": "BigInteger"}


def rendered(template: str, **names: Any) -> str:
    """The template of this name, filled in."""
    from mako.template import Template

    # Names that a template lacks are errors: a file with UNDEFINED in it helps nobody.
    made = Template(filename=str(_TEMPLATES / template), strict_undefined=True)
    return str(made.render_unicode(**names))


def model(plan: Blueprint) -> str:
    """The module of the model."""
    mixins = [Imported(plan.mixins_module, MIXIN_CLASSES[one]) for one in plan.mixins]
    names = [one.name for one in mixins]
    # SQLModel takes the columns of the last base first.
    names = names[::-1] if plan.is_sqlmodel else names
    bases = [*names, plan.base.name, *["table=True"] * plan.is_sqlmodel]
    text = rendered(
        "model.py.mako",
        plan=plan,
        enums=list(enum_classes(plan)),
        bases=bases,
        body=list(model_lines(plan)),
        quoted=quoted,
    )
    targets = (reference.target for reference in plan.references.values())
    own = [*mixins, plan.base, *(target for target in targets if target is not None)]
    return with_imports(text, own, without=["pydantic"])


def schemas(plan: Blueprint) -> str:
    """The module of the schemas for what is created, read and updated."""
    required = [quoted(field.column) for field in plan.fields if not field.nullable]
    validator = call("@field_validator", *required, mode='"before"')
    text = rendered(
        "schemas.py.mako",
        plan=plan,
        aliases=dict(_aliases(plan)),
        create=[line for field in plan.fields for line in _created(plan, field)],
        read=list(_read(plan)),
        update=[line for field in plan.fields for line in _updated(plan, field)],
        required="\n".join(lines(validator)) if required else "",
    )
    return with_imports(text, _enums(plan), without=["sqlmodel"])


def _aliases(plan: Blueprint) -> Iterator[tuple[str, str]]:
    """Names for the limited types that stand in annotations, and what they are."""
    used = {_element(field) for field in plan.fields}
    used |= {field.type.name for field in plan.fields if not field.bounds}
    for kind, name in _WHOLE.items():
        if kind in used:
            yield name, f"Annotated[int, {call('Field', **_range(kind))}]"
    for field in plan.fields:
        if limits := _limits_of_element(field):
            plain = python_type(plan, field)[len("list[") : -1]
            yield _item(field), f"Annotated[{plain}, {call('Field', **limits)}]"


def _range(kind: str) -> dict[str, str]:
    """The limits of a whole number, which PostgreSQL has and Python has not."""
    bits = RANGES[kind][1].bit_length()
    return {"ge": f"-(2**{bits})", "le": f"2**{bits} - 1"}


def _item(field: Field) -> str:
    return f"{camel(field.name)}Item"


def _element(field: Field) -> str:
    return field.type.element.name if field.type.element is not None else ""


def _enums(plan: Blueprint) -> list[Imported]:
    return [Imported(plan.model, name) for name, _ in enum_classes(plan)]


def _annotation(plan: Blueprint, field: Field) -> str:
    """The type of a value that comes in: whole numbers keep to the range of their column."""
    plain = python_type(plan, field)
    if field.type.name in _WHOLE:
        # Pydantic would take the limits of the type for those of the field, if both had some.
        return plain if field.bounds else _WHOLE[field.type.name]
    if _element(field) in _WHOLE:
        return f"list[{_WHOLE[_element(field)]}]"
    return f"list[{_item(field)}]" if _limits_of_element(field) else plain


def _limits_of_element(field: Field) -> dict[str, str]:
    element = field.type.element
    if element is not None and element.digits is not None:
        digits, scale = element.digits
        return {"max_digits": str(digits), "decimal_places": str(scale)}
    if element is not None and element.length is not None:
        return {"max_length": str(element.length)}
    return {}


def _limits(field: Field) -> dict[str, str]:
    found: dict[str, str] = {}
    if field.type.digits is not None:
        digits, scale = field.type.digits
        found = {"max_digits": str(digits), "decimal_places": str(scale)}
    if field.type.length is not None:
        found["max_length"] = str(field.type.length)
    if field.type.name in _WHOLE and field.bounds:
        found = _range(field.type.name)
    for bound in field.bounds:
        if field.type.name in SIZED:
            closed = len(bound.operator) == 2
            if bound.is_lower:
                found["min_length"] = str(bound.value + (0 if closed else 1))
            else:
                high = int(bound.value) - (0 if closed else 1)
                found["max_length"] = str(min(high, int(found.get("max_length", high))))
        elif field.type.name in NUMBERS:
            word = {">": "gt", ">=": "ge", "<": "lt", "<=": "le"}[bound.operator]
            found.pop("ge" if bound.is_lower else "le", None)
            is_decimal = field.type.name == "numeric" and bound.value % 1 != 0
            found[word] = f'Decimal("{bound.value}")' if is_decimal else str(bound.value)
    return found


def _created(plan: Blueprint, field: Field) -> Iterator[str]:
    annotation = optional(_annotation(plan, field), field)
    limits = _limits(field)
    default = python_default(plan, field)
    if default is None and field.default is not None:
        default = ("default_factory", _clock(field))
    yield from _attribute(field.column, annotation, default, limits)


def _clock(field: Field) -> str:
    """What makes, in the application, the value that else the database would."""
    value = field.default or ""
    if value == "now":
        return {
            "date": "dt.date.today",
            "datetime": "lambda: dt.datetime.now(dt.timezone.utc)",
            "time": "lambda: dt.datetime.now().time()",
        }[field.type.name]
    if field.type.name == "uuid":
        return "uuid4"
    return f"lambda: dt.{field.type.name}.fromisoformat({quoted(value.strip(chr(39)))})"


def _updated(plan: Blueprint, field: Field) -> Iterator[str]:
    annotation = f"{_annotation(plan, field)} | None"
    yield from _attribute(field.column, annotation, ("default", "None"), _limits(field))


def _read(plan: Blueprint) -> Iterator[str]:
    yield f"    id: {plan.key}"
    for field in plan.fields:
        yield f"    {field.column}: {optional(python_type(plan, field), field)}"
    if "timestamps" in plan.mixins:
        yield "    created_at: dt.datetime"
        yield "    updated_at: dt.datetime"


def _attribute(
    name: str, annotation: str, default: tuple[str, str] | None, limits: dict[str, str]
) -> Iterator[str]:
    before = f"{name}: {annotation}"
    if default is None and not limits:
        yield f"    {before}"
    elif default is not None and default[0] == "default" and not limits:
        yield from lines(default[1], before=f"{before} = ")
    else:
        made = call("Field", **(dict([default]) if default else {}), **limits)
        yield from lines(made, before=f"{before} = ")


def repository(plan: Blueprint) -> str:
    """The module of the repository."""
    text = rendered(
        "repository.py.mako",
        plan=plan,
        unique=[
            (f.column, "value" if f.column in _OF_QUERIES else f.column, python_type(plan, f))
            for f in plan.fields
            if f.unique
        ],
        references=[
            (f.relation, f.column, python_type(plan, f))
            for f in plan.fields
            if f.type.name == "ref" and not f.unique
        ],
    )
    without = ["pydantic"] if plan.is_sqlmodel else ["pydantic", "sqlmodel"]
    return with_imports(joined(text), [*_classes(plan)[:-1], *_enums(plan)], without=without)


def test(plan: Blueprint) -> str:
    """The module that tests the repository."""
    given: list[str] = []
    parents: list[tuple[str, str]] = []
    for field in plan.fields:
        value: Code | None = _sample(plan, field)
        if field.type.name == "ref":
            found = plan.references[field.name]
            if not field.nullable and not found.is_own:
                query = f"SELECT {quote_ident(found.column)} FROM {_sql(found.table)} LIMIT 1"
                parents.append((field.column, quoted(query)))
                value = field.column
        if value is not None:
            given += lines(value, before=f"{field.column}=", after=",", indent=8)
    text = rendered(
        "test.py.mako",
        plan=plan,
        table=_sql(plan.table_key),
        parents=parents,
        values=given,
        quoted=quoted,
    )
    without = ["sqlmodel", "pydantic"]
    return with_imports(text, [*_classes(plan), *_enums(plan)], without=without)


def _sql(table: str) -> str:
    """A table as SQL names it; those that references can name have no point in a name."""
    return ".".join(map(quote_ident, table.split(".")))


def _sample(plan: Blueprint, field: Field) -> str | None:
    if field.type.name == "ref" and field.nullable:
        return "None"
    if field.type.name == "enum" or _element(field) == "enum":
        _, names = next(one for one in enum_classes(plan) if one[0] == plan.enum_class(field))
        first = f"{plan.enum_class(field)}.{next(iter(names))}"
        return first if field.type.name == "enum" else f"[{first}]"
    return None if field.type.name == "ref" else sample(field)


def _classes(plan: Blueprint) -> list[Imported]:
    return [
        Imported(plan.model, plan.name),
        *(Imported(plan.schemas, f"{plan.name}{part}") for part in ("Create", "Read", "Update")),
        Imported(plan.repository, f"{plan.name}Repository"),
    ]
