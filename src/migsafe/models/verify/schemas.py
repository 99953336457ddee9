"""Plain Pydantic schemas, and the mapped class that each of them speaks of, by its name."""

from __future__ import annotations

import itertools
import pkgutil
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from migsafe.errors import ConfigError
from migsafe.models.places import descendants

_READ = frozenset(
    "detail details get list out output public read response result summary view".split()
)
_WRITTEN = frozenset(
    """add base change create edit form in input insert new patch payload post put request save
    update upsert write""".split()
)
_EITHER = frozenset("data db dto entity model orm schema table".split())


@dataclass(frozen=True)
class Validator:
    """A class of Pydantic's that says which values are good for the columns of a *mapper*.

    *is_schema* is False of a table model of SQLModel's, which is both; *is_input* is False of a
    schema that only shows rows.
    """

    cls: Any
    mapper: Any
    is_schema: bool = False
    is_input: bool = False


@dataclass(frozen=True)
class Unclear:
    """A schema whose name fits several mapped *classes*, none of them nearer than the others."""

    cls: Any
    classes: tuple[Any, ...]


def validators_of(
    mappers: Sequence[Any], modules: Sequence[str] = ()
) -> Iterator[Validator | Unclear]:
    """The table models themselves, then the schemas for their tables.

    Those are looked for in *modules*, with all below them, and in the modules of the mapped
    classes. ``TaskCreate``, ``UpdateTask`` and ``TaskSchema`` speak of ``Task``; where there are
    several, of that whose module is nearest. Raises ConfigError when one of *modules* does not
    import, or none of their classes speaks of a table.
    """
    for mapper in mappers:
        if getattr(mapper.class_, "model_fields", None):
            yield Validator(mapper.class_, mapper)
    for name in modules:
        _load(name)
    found = list(_schemas(mappers, modules))
    for name in modules:
        if not any(_is_in(one.cls, name) for one in found):
            raise ConfigError(
                f"no class of {name} speaks of a table; a schema is named by the class of its "
                "table, as TaskCreate and TaskUpdate for Task"
            )
    yield from found


def _load(name: str) -> None:
    """Import a module and all modules below it."""
    from migsafe.models.loading import load_module

    module = load_module(name)
    for one in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{name}."):
        load_module(one.name)


def _schemas(mappers: Sequence[Any], modules: Sequence[str]) -> Iterator[Validator | Unclear]:
    if "pydantic" not in sys.modules:
        return
    from pydantic import BaseModel

    mapped = {mapper.class_ for mapper in mappers}
    beside = {cls.__module__ for cls in mapped}
    by_words: dict[tuple[str, ...], list[Any]] = {}
    for mapper in mappers:
        words = _words(mapper.class_.__name__)
        for spelling in {words, words[:-1] if words[-1] in _EITHER else words} - {()}:
            by_words.setdefault(spelling, []).append(mapper)
    for cls in sorted(descendants(BaseModel), key=lambda one: (one.__module__, one.__qualname__)):
        is_ours = cls.__module__ in beside or any(_is_in(cls, name) for name in modules)
        # What a mapped class inherits from is compared with it.
        if not is_ours or any(issubclass(one, cls) for one in mapped) or cls in mapped:
            continue
        words = _words(cls.__name__)
        fitting = next((by_words[bare] for bare in _bare(words) if bare in by_words), [])
        found = _nearest(cls, fitting)
        if len(found) == 1:
            yield Validator(cls, found[0], True, not _READ & set(words))
        elif found:
            yield Unclear(cls, tuple(mapper.class_ for mapper in found))


def _nearest(cls: type, mappers: Sequence[Any]) -> list[Any]:
    """Those of *mappers* whose modules have most of their path in common with that of *cls*."""

    def shared(mapper: Any) -> int:
        pairs = zip(cls.__module__.split("."), mapper.class_.__module__.split("."), strict=False)
        return len(list(itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)))

    most = max(map(shared, mappers), default=0)
    return [mapper for mapper in mappers if shared(mapper) == most]


def _is_in(cls: type, module: str) -> bool:
    return f"{cls.__module__}.".startswith(f"{module}.")


def _words(name: str) -> tuple[str, ...]:
    """``TaskCreate`` → task, create."""
    return tuple(w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name))


def _bare(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The words, without more and more of those at the ends that say what a class is for."""
    for_what = _READ | _WRITTEN | _EITHER
    ends = [n for n in range(1, len(words) + 1) if for_what.issuperset(words[n:])]
    starts = [n for n in range(len(words)) if for_what.issuperset(words[:n])]
    spans = [(start, end) for start in starts for end in ends if start < end]
    for start, end in sorted(spans, key=lambda span: (span[0] - span[1], span)):
        yield words[start:end]
