"""Remedies as Alembic code with the user's own names."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

from migsafe.names import Name, quote_ident
from migsafe.sql.ast import ConstraintDef, ConstraintKind, CreateIndex, IndexElement

WIDTH = 88


def call(function: str, *arguments: str, **options: str | None) -> str:
    """A Python call, in several lines when it is long; options that are None are left out."""
    given = [*arguments, *(f"{name}={value}" for name, value in options.items() if value)]
    flat = f"{function}({', '.join(given)})"
    if len(flat) <= WIDTH:
        return flat
    return f"{function}(\n" + "".join(f"    {argument},\n" for argument in given) + ")"


def autocommit(*lines: str) -> str:
    """*lines* inside the block in which Alembic leaves its transaction."""
    body = textwrap.indent("\n".join(lines), "    ")
    return f"with op.get_context().autocommit_block():\n{body}"


def execute(sql: str) -> str:
    """``op.execute`` of one statement."""
    literal = _literal(sql)
    if len(literal) <= WIDTH and "\n" not in sql:
        return f"op.execute({literal})"
    return f'op.execute(\n    """\n{textwrap.indent(sql.strip(), "    ")}\n    """\n)'


def revisions(*bodies: str) -> str:
    """Code for several revisions that are deployed one after the other."""
    words = ("this revision", "the next revision", "the one after that")
    return "\n\n".join(f"# {word}\n{body}" for word, body in zip(words, bodies, strict=False))


def text(value: str) -> str:
    """A Python string constant."""
    return _literal(value)


def schema(name: Name) -> str | None:
    """The ``schema=`` argument for *name*, None for the default schema."""
    return text(name.schema) if name.schema not in (None, "public") else None


def strings(values: Iterable[str]) -> str:
    """A Python list of strings."""
    return "[" + ", ".join(text(value) for value in values) + "]"


def create_index(statement: CreateIndex, table: Name) -> str:
    """``op.create_index`` that builds *statement*'s index concurrently."""
    elements = []
    for element in statement.elements:
        plain = element.column and not (element.opclass or element.collation)
        if plain and not element.descending and element.nulls_first is None:
            elements.append(text(str(element.column)))
        elif element.opclass is None and element.collation is None and not element.opclass_options:
            elements.append(f"sa.text({text(_sorted_key(element))})")
        else:
            return ""
    if statement.options or statement.tablespace or statement.name is None:
        return ""
    return call(
        "op.create_index",
        text(statement.name),
        text(table.name),
        f"[{', '.join(elements)}]",
        schema=schema(table),
        unique="True" if statement.unique else None,
        postgresql_using=text(statement.method) if statement.method != "btree" else None,
        postgresql_include=strings(statement.include) if statement.include else None,
        postgresql_where=f"sa.text({text(statement.where.sql)})" if statement.where else None,
        postgresql_nulls_not_distinct="True" if statement.nulls_not_distinct else None,
        postgresql_concurrently="True",
    )


def _sorted_key(key: IndexElement) -> str:
    word = quote_ident(key.column) if key.column else f"({key.expression})"
    word += " DESC" if key.descending else ""
    if key.nulls_first is not None:
        word += " NULLS FIRST" if key.nulls_first else " NULLS LAST"
    return word


def concurrently(sql: str) -> str:
    """The text of a CREATE INDEX with CONCURRENTLY in its place."""
    return re.sub(r"(?i)^(create\s+(?:unique\s+)?index\b)", r"\1 CONCURRENTLY", sql, count=1)


def add_not_valid(constraint: ConstraintDef, table: Name, name: str) -> str:
    """The operation that adds a CHECK or foreign key without looking at the rows."""
    if constraint.kind is ConstraintKind.CHECK:
        return call(
            "op.create_check_constraint",
            text(name),
            text(table.name),
            text(str(constraint.expression)),
            schema=schema(table),
            postgresql_not_valid="True",
        )
    assert constraint.references is not None
    return call(
        "op.create_foreign_key",
        text(name),
        text(table.name),
        text(constraint.references.name),
        strings(constraint.columns),
        strings(constraint.referenced_columns or ("id",)),
        source_schema=schema(table),
        referent_schema=schema(constraint.references),
        onupdate=text(constraint.on_update) if constraint.on_update != "NO ACTION" else None,
        ondelete=text(constraint.on_delete) if constraint.on_delete != "NO ACTION" else None,
        deferrable="True" if constraint.deferrable else None,
        initially=text("DEFERRED") if constraint.initially_deferred else None,
        postgresql_not_valid="True",
    )


def validate(table: Name, name: str) -> str:
    """The statement that validates a constraint; there is no operation for it."""
    return execute(f"ALTER TABLE {table.display()} VALIDATE CONSTRAINT {quote_ident(name)}")


def constraint_name(constraint: ConstraintDef, table: Name) -> str:
    """The constraint's name, or one in its place where PostgreSQL would choose."""
    if constraint.name:
        return constraint.name
    prefix = {
        ConstraintKind.CHECK: "ck",
        ConstraintKind.FOREIGN_KEY: "fk",
        ConstraintKind.UNIQUE: "uq",
        ConstraintKind.PRIMARY_KEY: "pk",
    }.get(constraint.kind, "ct")
    return "_".join([prefix, table.name, *constraint.columns])


def _literal(value: str) -> str:
    if '"' in value and "'" not in value:
        return "'" + value.replace("\\", "\\\\").replace("\n", "\\n") + "'"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
