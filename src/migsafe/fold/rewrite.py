"""A name that changes, everywhere in a catalog where it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import lru_cache
from operator import is_
from typing import Any

from migsafe.catalog import Catalog
from migsafe.fold.texts import rename_names
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.values import replace

Renaming = Callable[[Name], "Name | None"]

# Fields that hold names of functions, collations and operator classes: other namespaces.
_OTHER_NAMES = frozenset({"function", "collation", "opclass"})
_TEXT_FIELDS = """default expression expressions predicate when using check where definition
    partition_key partition_bound"""
_TEXTS = frozenset(_TEXT_FIELDS.split())
_TYPE_TEXTS = frozenset({"arguments", "returns"})
_COLLECTIONS = ("tables", "indexes", "views", "sequences", "types", "statistics")


def rename_relations(catalog: Catalog, renamed: dict[Name, Name]) -> Catalog:
    """The catalog in which relations and types have their new names, wherever they are used."""
    texts = _in_texts(catalog, renamed)
    words = {old.name for old in renamed}

    def rename_text(text: str) -> str:
        if not any(word in text for word in words):
            return text
        return rename_names(text, texts, ("relation", "type"))

    return _Walker(renamed.get, rename_text).catalog(catalog)


def rename_function(catalog: Catalog, old: Name, new: Name) -> Catalog:
    """The catalog in which expressions and triggers call the function *old* by its *new* name."""
    texts = _in_texts(catalog, {old: new})
    walker = _Walker(
        lambda name: None,
        lambda text: rename_names(text, texts, ("function",)),
        functions={old: new}.get,
    )
    return walker.catalog(catalog)


def rename_collation(catalog: Catalog, old: Name, new: Name) -> Catalog:
    """The catalog in which columns, indexes and domains have the collation by its *new* name."""
    texts = _in_texts(catalog, {old: new})
    walker = _Walker(
        lambda name: None,
        lambda text: rename_names(text, texts, ("collation",)),
        functions={old: new}.get,
    )
    return walker.catalog(catalog)


def rename_schema(catalog: Catalog, old: str, new: str) -> Catalog:
    """The catalog in which the schema *old* is called *new*."""

    def rename(name: Name) -> Name | None:
        return Name(new, name.name) if name.schema == old else None

    roles = ("relation", "type", "function")
    walker = _Walker(rename, lambda text: rename_names(text, rename, roles), functions=rename)
    catalog = walker.catalog(catalog)
    schemas = {
        (new if k == old else k): (replace(v, name=new) if k == old else v)
        for k, v in catalog.schemas.items()
    }
    extensions = {
        k: replace(v, schema=new) if v.schema == old else v for k, v in catalog.extensions.items()
    }
    return catalog.with_all({"schemas": schemas, "extensions": extensions})


def _in_texts(catalog: Catalog, renamed: dict[Name, Name]) -> Renaming:
    """What a name written in a text becomes: unqualified ones are looked up first."""
    words = {old.name for old in renamed}

    def rename(name: Name) -> Name | None:
        if name.name not in words:
            return None
        if name.schema is not None:
            return renamed.get(name)
        found = (Name(schema, name.name) for schema in catalog.search_path)
        return next((renamed[n] for n in found if n in renamed), None)

    return rename


class _Walker:
    """Rebuilds the values of a catalog with names and texts renamed."""

    def __init__(
        self,
        names: Renaming,
        texts: Callable[[str], str],
        functions: Renaming = lambda name: None,
    ):
        self.names = names
        self.texts = texts
        self.functions = functions

    def catalog(self, catalog: Catalog) -> Catalog:
        changed: dict[str, Any] = {}
        for collection in _COLLECTIONS:
            values = [self.value(v) for v in getattr(catalog, collection).values()]
            changed[collection] = {value.name: value for value in values}
        functions = [self.function(f) for f in catalog.functions.values()]
        changed["functions"] = {(f.name, f.arguments): f for f in functions}
        publications = catalog.publications.items()
        changed["publications"] = {key: self.value(p) for key, p in publications}
        collations = [
            replace(c, name=self.functions(c.name) or c.name) for c in catalog.collations.values()
        ]
        changed["collations"] = {c.name: c for c in collations}
        return catalog.with_all(changed)

    def function(self, function: Any) -> Any:
        own = self.functions(function.name) or function.name
        return replace(self.value(function), name=own)

    def value(self, value: Any, field: str = "") -> Any:
        """*value* renamed; the very same object when nothing in it changes."""
        if isinstance(value, str):
            return self.text(value, field)
        if value is None or isinstance(value, (bool, int)):
            return value
        if isinstance(value, Name):
            renaming = self.functions if field in _OTHER_NAMES else self.names
            return renaming(value) or value
        if isinstance(value, TypeRef):
            new = self.names(value.name)
            return value if new is None else replace(value, name=new)
        if isinstance(value, (tuple, frozenset)):
            items = [self.value(item, field) for item in value]
            same = all(map(is_, value, items))
            return value if same else type(value)(items)
        return self.dataclass(value) if is_dataclass(value) else value

    def text(self, text: str, field: str) -> str:
        if field in _TEXTS:
            return self.texts(text)
        return self.type_text(text) if field in _TYPE_TEXTS else text

    def type_text(self, text: str) -> str:
        """A function's argument or result type, where the whole text is one type."""
        word = "SETOF " if text.startswith("SETOF ") else ""
        try:
            ref = TypeRef.parse(text.removeprefix(word))
        except ValueError:
            return text
        new = self.names(ref.name)
        return text if new is None else word + str(replace(ref, name=new))

    def dataclass(self, value: Any) -> Any:
        changed = {}
        # A field that has its default, which no name or text is, is not stored with the value.
        stored = value.__dict__
        for name in _names_of_fields(value.__class__):
            if name in stored:
                old = stored[name]
                new = self.value(old, name)
                if new is not old:
                    changed[name] = new
        return replace(value, **changed) if changed else value


@lru_cache(maxsize=64)
def _names_of_fields(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
