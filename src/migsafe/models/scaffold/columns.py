"""Fields of a new model as mapped columns, with their constraints and indexes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from migsafe.models.scaffold.blueprint import Blueprint
from migsafe.models.scaffold.fields import NUMBERS, SIZED, Field, FieldType
from migsafe.models.scaffold.source import Call, Code, call, items, lines, quoted
from migsafe.models.scaffold.values import text_of
from migsafe.models.scaffold.wording import camel, members
from migsafe.names import quote_ident, quote_literal

_PYTHON = {
    "str": "str",
    "text": "str",
    "int": "int",
    "bigint": "int",
    "smallint": "int",
    "bool": "bool",
    "float": "float",
    "numeric": "Decimal",
    "uuid": "UUID",
    "bytes": "bytes",
    "date": "dt.date",
    "datetime": "dt.datetime",
    "time": "dt.time",
    "interval": "dt.timedelta",
    "jsonb": "dict[str, Any]",
}
_SQL = {
    "text": "sa.Text",
    "int": "sa.Integer",
    "bigint": "sa.BigInteger",
    "smallint": "sa.SmallInteger",
    "bool": "sa.Boolean",
    "float": "sa.Double",
    "date": "sa.Date",
    "time": "sa.Time",
    "interval": "sa.Interval",
    "uuid": "sa.Uuid",
    "bytes": "sa.LargeBinary",
    "jsonb": "postgresql.JSONB",
}


def python_type(plan: Blueprint, field: Field, kind: FieldType | None = None) -> str:
    """The annotation of a field, without ``None``."""
    kind = kind or field.type
    if kind.name == "list" and kind.element is not None:
        return f"list[{python_type(plan, field, kind.element)}]"
    if kind.name == "jsonb" and field.default == "[]":
        return "list[Any]"
    if kind.name == "enum":
        return plan.enum_class(field)
    return plan.references[field.name].python if kind.name == "ref" else _PYTHON[kind.name]


def optional(annotation: str, field: Field) -> str:
    """The annotation, with ``None`` if the field may be NULL."""
    return f"{annotation} | None" if field.nullable else annotation


def _sql_type(plan: Blueprint, field: Field, kind: FieldType) -> Code:
    if kind.name == "list" and kind.element is not None:
        return call("postgresql.ARRAY", _sql_type(plan, field, kind.element))
    if kind.name == "enum":
        return call(
            "sa.Enum",
            plan.enum_class(field),
            name=quoted(plan.enum_type(field)),
            values_callable="_labels",
        )
    if kind.name == "str":
        return "sa.Text" if kind.length is None else f"sa.String({kind.length})"
    if kind.name == "numeric" and kind.digits is not None:
        return f"sa.Numeric({kind.digits[0]}, {kind.digits[1]})"
    return "sa.DateTime(timezone=True)" if kind.name == "datetime" else _SQL[kind.name]


def server_default(field: Field) -> str | None:
    """The default that the database gives, as SQLAlchemy takes it."""
    if field.default is None:
        return None
    kind, value = field.type.name, text_of(field.default)
    if kind in NUMBERS or kind == "bool":
        return f'sa.text("{value}")'
    if kind in ("list", "jsonb"):
        return f"sa.text(\"'{'{}' if kind == 'list' else value}'\")"
    if value == "now" and kind in ("date", "datetime", "time"):
        return "sa.func.now()"
    if kind == "uuid":
        return "sa.func.gen_random_uuid()"
    if value.startswith("'") or value.endswith("'"):
        # Alembic takes quotes at the ends for those of SQL when it writes a text.
        return f"sa.text({quoted(quote_literal(value).replace(':', chr(92) + ':'))})"
    return quoted(value)


def python_default(plan: Blueprint, field: Field) -> tuple[str, str] | None:
    """``("default", "0")``, or default_factory; None when only the database knows it, or nobody."""
    if field.default is None:
        return ("default", "None") if field.nullable else None
    kind, value = field.type.name, text_of(field.default)
    if kind == "enum":
        names = {label: name for name, label in members(field.type.labels).items()}
        return "default", f"{plan.enum_class(field)}.{names[value]}"
    if kind == "list" or kind == "jsonb":
        return "default_factory", "dict" if value == "{}" else "list"
    if kind == "bool":
        return "default", value.capitalize()
    if kind == "numeric":
        return "default", f'Decimal("{value}")'
    if kind in NUMBERS:
        return "default", str(float(value)) if kind == "float" else str(int(Decimal(value)))
    return ("default", quoted(value)) if kind in ("str", "text") else None


def model_lines(plan: Blueprint) -> Iterator[str]:
    """The body of the class, without its table's name."""
    arguments = list(_table_arguments(plan))
    if arguments:
        yield from items(arguments, before="__table_args__ = ")
    yield ""
    if "uuid" not in plan.mixins:
        yield from _key(plan)
    for field in plan.fields:
        yield from _column(plan, field)
    relations = [line for field in plan.fields for line in _relation(plan, field)]
    if relations:
        yield ""
        yield from relations


def _key(plan: Blueprint) -> Iterator[str]:
    column = ("sa.BigInteger", "sa.Identity()", "primary_key=True")
    if plan.is_sqlmodel:
        made = call("Field", default="None", sa_column=call("sa.Column", *column))
        yield from lines(made, before="id: int | None = ")
    else:
        yield from lines(call("mapped_column", *column), before="id: Mapped[int] = ")


def _column(plan: Blueprint, field: Field) -> Iterator[str]:
    annotation = optional(python_type(plan, field), field)
    if field.type.name == "ref":
        type_: Code = _foreign_key(plan, field)
    else:
        type_ = _sql_type(plan, field, field.type)
    default = server_default(field)
    if not plan.is_sqlmodel:
        made = call("mapped_column", type_, server_default=default)
        yield from lines(made, before=f"{field.column}: Mapped[{annotation}] = ")
        return
    nullable = None if field.nullable else "False"
    column = call("sa.Column", type_, nullable=nullable, server_default=default)
    given = dict([python_default(plan, field) or ("default", "None" if default else "...")])
    if given.get("default") == "...":
        given = {}
    made = call("Field", **given, **_limits(field), sa_column=column)
    yield from lines(made, before=f"{field.column}: {annotation} = ")


def _limits(field: Field) -> dict[str, str]:
    """What SQLModel's Field can say of the limits, too."""
    found = {}
    if field.type.length is not None:
        found["max_length"] = str(field.type.length)
    if field.type.name in NUMBERS:
        words = {">": "gt", ">=": "ge", "<": "lt", "<=": "le"}
        found.update({words[b.operator]: str(b.value) for b in field.bounds})
    return found


def _foreign_key(plan: Blueprint, field: Field) -> Call:
    found = plan.references[field.name]
    name = plan.constraint_name("fk", field.column, found.table.replace(".", "_"))
    return call(
        "sa.ForeignKey",
        quoted(f"{found.table}.{found.column}"),
        name=quoted(name) if name is not None else None,
        ondelete=quoted(field.on_delete or "RESTRICT"),
    )


def _table_arguments(plan: Blueprint) -> Iterator[Code]:
    for field in plan.fields:
        if field.unique:
            yield _unique(plan, field)
        if field.bounds:
            name = plan.constraint_name("ck", field.column, "range")
            named = None if name is None else quoted(name)
            yield call("sa.CheckConstraint", quoted(_check(field)), name=named)
        # A unique index of some rows alone does not serve the foreign key.
        is_covered = field.unique and not plan.keeps_deleted
        if field.index or (field.type.name == "ref" and not is_covered):
            name = plan.constraint_name("ix", field.column) or ""
            using = quoted("gin") if field.index == "gin" else None
            yield call("sa.Index", quoted(name), quoted(field.column), postgresql_using=using)


def _unique(plan: Blueprint, field: Field) -> Call:
    if not plan.keeps_deleted:
        name = plan.constraint_name("uq", field.column)
        named = None if name is None else quoted(name)
        return call("sa.UniqueConstraint", quoted(field.column), name=named)
    # Of rows that are marked as deleted there may be several.
    return call(
        "sa.Index",
        quoted(f"uq_{plan.table}_{field.column}"),
        quoted(field.column),
        unique="True",
        postgresql_where='sa.text("deleted_at IS NULL")',
    )


def _check(field: Field) -> str:
    subject = quote_ident(field.column)
    if field.type.name in SIZED:
        measure = "cardinality" if field.type.name == "list" else "char_length"
        subject = f"{measure}({subject})"
    return " AND ".join(f"{subject} {bound.operator} {bound.value}" for bound in field.bounds)


def _relation(plan: Blueprint, field: Field) -> Iterator[str]:
    found = plan.references.get(field.name)
    if found is None or (found.target is None and not found.is_own):
        return
    target = plan.name if found.is_own or found.target is None else found.target.name
    columns = f"{plan.name}.{field.column}"
    remote = quoted(f"{plan.name}.id") if found.is_own else None
    if plan.is_sqlmodel:
        given = [f'"foreign_keys": "[{columns}]"']
        given += [f'"remote_side": {remote}'] if remote else []
        made = call("Relationship", sa_relationship_kwargs=Call("", tuple(given), brackets="{}"))
        own = f'Optional["{target}"]' if field.nullable else f'"{target}"'
        annotation = own if found.is_own else optional(target, field)
        yield from lines(made, before=f"{field.relation}: {annotation} = ")
        return
    shown = optional(target, field)
    annotation = f'"{shown}"' if found.is_own else shown
    made = call("relationship", foreign_keys=quoted(columns), remote_side=remote)
    yield from lines(made, before=f"{field.relation}: Mapped[{annotation}] = ")


def enum_classes(plan: Blueprint) -> Iterator[tuple[str, dict[str, str]]]:
    """The enum classes: names, and their members with the labels."""
    for field in plan.fields:
        kind = field.type.element or field.type
        if kind.name == "enum":
            yield plan.name + camel(field.name), members(kind.labels)
