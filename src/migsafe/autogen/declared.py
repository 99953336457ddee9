"""What authors declare about changes of an enum that no comparison can know: renames and mappings.

It stands where SQLAlchemy keeps `info`, so production code imports nothing of ours: on a column,
`Column("state", Enum(…), info={"migsafe": {"renamed_values": {"old": "new"}}})`, or on the
metadata, `MetaData(info={"migsafe": {"enums": {"mood": {"renamed_from": "feeling"}}}})`, where the
key is the enum's name or `schema.name`. A declaration may stay when its migration is long written:
it then has no effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alembic.util import CommandError

from migsafe.autogen.enum_types import WantedEnum, metadatas
from migsafe.autogen.found import Found, wanted_tables
from migsafe.autogen.info import COLUMN_PARTS, ENUM_PARTS, KEY
from migsafe.autogen.wanted import native_enum
from migsafe.catalog import Enum
from migsafe.names import Name

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


@dataclass(frozen=True)
class Declared:
    """What is declared of one enum.

    Attributes:
        renamed_values: labels by what they were called before.
        mapped_values: what takes the place of a label that goes, in rows; None is NULL.
        renamed_from: the type's name before; without a schema that of the type now.
    """

    renamed_values: Mapping[str, str] = field(default_factory=dict)
    mapped_values: Mapping[str, str | None] = field(default_factory=dict)
    renamed_from: Name | None = None

    def renamed(self, label: str, wanted: tuple[str, ...]) -> str | None:
        """Return what *label* is called among *wanted*, following renames of renames."""
        seen = {label}
        while label in self.renamed_values and label not in wanted:
            label = self.renamed_values[label]
            if label in seen:
                return None
            seen.add(label)
        return label if label in wanted else None

    def circle(self, labels: tuple[str, ...]) -> str | None:
        """Return one of *labels* from which renames among them lead back to it, if any."""
        for first in labels:
            label, steps = first, 0
            while label in labels and label in self.renamed_values and steps < len(labels):
                label, steps = self.renamed_values[label], steps + 1
                if label == first and steps > 1:
                    return first
        return None

    def mapped(self, gone: tuple[str, ...], labels: tuple[str, ...]) -> dict[str, str | None]:
        """Return what takes the place of the labels *gone*; values that are no *labels* do not."""
        pairs = self.mapped_values.items()
        return {old: new for old, new in pairs if old in gone and (new is None or new in labels)}

    def converted(
        self, labels: tuple[str, ...]
    ) -> tuple[dict[str, str | None], dict[str, str | None]]:
        """Return what becomes what in a column that gets this enum, and on the way back.

        Values that were mapped stay as they are on the way back.
        """
        renames = {old: new for old, new in self.renamed_values.items() if new in labels}
        gone = tuple(value for value in (*renames, *self.mapped_values) if value not in labels)
        renames = {old: new for old, new in renames.items() if old in gone}
        back: dict[str, str | None] = {new: old for old, new in renames.items()}
        return {**self.mapped(gone, labels), **renames}, back


def declarations(
    context: AutogenContext, state: Found, wanted: Mapping[Name, WantedEnum]
) -> dict[Name, Declared]:
    """Return what is declared of the *wanted* enums.

    Raises CommandError for what is no such declaration.
    """
    found: dict[Name, dict[str, Any]] = {}
    for name, where, said in _said(context, state, wanted):
        if not isinstance(said, Mapping):
            raise CommandError(f"{where} is {said!r}; expected a dict with {', '.join(ENUM_PARTS)}")
        for part, value in said.items():
            if part in COLUMN_PARTS and "MetaData" not in where:
                continue
            if part not in ENUM_PARTS:
                raise CommandError(
                    f"{where} has no {part!r} to declare; there are {', '.join(ENUM_PARTS)}"
                )
            _add(found.setdefault(name, {}), part, value, where)
    result = {name: _declared(name, parts) for name, parts in found.items()}
    for name, said in result.items():
        live = state.catalog.types.get(name)
        labels = wanted[name].enum.labels
        if isinstance(live, Enum) and live.labels != labels and (first := said.circle(labels)):
            raise CommandError(
                f"renamed_values of the enum {name.display()} lead from {first!r} back to it: "
                "rename in two revisions, by way of a name that is not in use"
            )
    return result


def _said(
    context: AutogenContext, state: Found, wanted: Mapping[Name, WantedEnum]
) -> Iterator[tuple[Name, str, Any]]:
    for metadata in metadatas(context):
        enums = metadata.info.get(KEY, {}).get("enums", {})
        for name in wanted:
            keys = [f"{name.schema}.{name.name}"]
            keys += [name.name] if name.schema == (metadata.schema or state.schema) else []
            for key in keys:
                if key in enums:
                    yield name, f"MetaData.info[{KEY!r}]['enums'][{key!r}]", enums[key]
    for table in wanted_tables(context):
        for column in table.columns:
            enum = native_enum(column.type, state.dialect)
            if enum is not None and KEY in column.info:
                where = f"the info[{KEY!r}] of {table.fullname}.{column.name}"
                yield state.name(str(enum.name), enum.schema), where, column.info[KEY]


def _add(parts: dict[str, Any], part: str, value: Any, where: str) -> None:
    if part == "renamed_from":
        if not isinstance(value, str):
            raise CommandError(f"{part} in {where} is {value!r}; expected the type's old name")
        parts[part] = value
        return
    none_too = (str, type(None)) if part == "mapped_values" else (str,)
    if not isinstance(value, Mapping) or not all(
        isinstance(old, str) and isinstance(new, none_too) for old, new in value.items()
    ):
        raise CommandError(f"{part} in {where} is {value!r}; expected a dict of old to new labels")
    parts.setdefault(part, {}).update({str(k): v and str(v) for k, v in value.items()})


def _declared(name: Name, parts: dict[str, Any]) -> Declared:
    old = parts.pop("renamed_from", None)
    if old is None:
        return Declared(**parts)
    schema, dot, rest = old.partition(".")
    former = Name(schema, rest) if dot else Name(name.schema, old)
    return Declared(**parts, renamed_from=former)
