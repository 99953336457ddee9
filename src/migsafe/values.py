"""Frozen dataclasses that are quick to define and to copy: a run has hundreds of classes of them.

For a type checker `dataclass` and `replace` are those of `dataclasses`, and so they are for a
reader. Python's own write and compile six functions for each class, half of what importing migsafe
took; here one is written, for classes that get an instance, and the others are shared.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

_T = TypeVar("_T")
_U = TypeVar("_U")

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from dataclasses import replace as replace

    kept = functools.cached_property

    def kept_of(*fields: str) -> Callable[[Callable[[Any], _T]], kept[_T]]: ...
else:

    class kept:
        """As `functools.cached_property`, without the lock that Python takes before 3.12."""

        def __init__(self, find: Callable[[Any], Any], fields: tuple[str, ...] = ()):
            self._find = find
            self.fields = fields
            self.__doc__ = find.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self._name = name

        def __get__(self, instance: Any, owner: type) -> Any:
            if instance is None:
                return self
            found = instance.__dict__[self._name] = self._find(instance)
            return found

    def kept_of(*fields: str) -> Callable[[Callable[[Any], Any]], kept]:
        """A `kept` that is true of copies too, unless one of *fields* differs."""
        return functools.partial(kept, fields=fields)

    def dataclass(*, frozen: bool, kw_only: bool = False) -> Callable[[type], type]:
        """As `dataclasses.dataclass`; what is not frozen is made there."""
        if not frozen:
            return dataclasses.dataclass(kw_only=kw_only)
        return functools.partial(_frozen, kw_only=kw_only)

    def replace(value: Any, **changes: Any) -> Any:
        """As `dataclasses.replace`."""
        kind = value.__class__
        of, names, stale = getattr(kind, _COPYING, _NOT)
        if of is not kind or not names.issuperset(changes):
            return dataclasses.replace(value, **changes)
        copied = _new(kind)
        state = copied.__dict__
        state.update(value.__dict__)
        state.update(changes)
        if stale:
            for name in changes:
                for found in stale[name]:
                    state.pop(found, None)
        return copied


class Same(Generic[_T, _U]):
    """A key that stands for two objects: equal when they *are* the same, whatever they hold."""

    __slots__ = ("beside", "value")

    def __init__(self, value: _T, beside: _U):
        self.value = value
        self.beside = beside

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Same):
            return False
        return self.value is other.value and self.beside is other.beside

    def __hash__(self) -> int:
        return object.__hash__(self.value)


_new, _set = object.__new__, object.__setattr__
_COPYING = "__migsafe_copying__"
_NOT = (None, None, None)


def _frozen(kind: Any, *, kw_only: bool) -> Any:
    """*kind* as a frozen dataclass; `dataclasses` reads its fields and writes no function."""
    # Without a docstring it would write the signature there, which takes longer than all else.
    kind.__doc__ = kind.__doc__ or kind.__name__
    kind = dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(kind)
    fields = dataclasses.fields(kind)
    compared = [f.name for f in fields if f.compare]
    shown = [f.name for f in fields if f.repr]
    names = frozenset(f.name for f in fields)
    made = {
        "__init__": _init(kind, fields),
        "__repr__": _repr(shown),
        **_comparison(compared),
        **_refusals(kind, names),
    }
    derived = dict(_cached(kind))
    if derived:
        made["__getstate__"] = _state(frozenset(derived))
    for name, function in made.items():
        if name not in kind.__dict__:
            setattr(kind, name, function)
    # Without __init__, replace() must not go past what a class does there.
    if not hasattr(kind, "__post_init__"):
        # What is found once is kept beside the fields, and need not be true of a copy.
        stale = {n: tuple(d for d, of in derived.items() if not of or n in of) for n in names}
        setattr(kind, _COPYING, (kind, names, stale if derived else {}))
    return kind


def _cached(kind: type) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The attributes that are found once, each with the fields it depends on if not on all."""
    for above in kind.__mro__:
        for name, member in vars(above).items():
            if isinstance(member, (kept, functools.cached_property)):
                yield name, getattr(member, "fields", ())


def _state(derived: frozenset[str]) -> Any:
    """``__getstate__``, for pickle: what was found is found again."""

    def __getstate__(self: Any) -> dict[str, Any]:
        return {name: own for name, own in self.__dict__.items() if name not in derived}

    return __getstate__


def _init(kind: Any, fields: tuple[dataclasses.Field[Any], ...]) -> Any:
    """``__init__``, written when the first instance is made: most classes have none in a run."""

    def __init__(self: Any, *given: Any, **named: Any) -> None:
        kind.__init__ = made = _written(kind, fields)
        made(self, *given, **named)

    return __init__


def _written(kind: Any, fields: tuple[dataclasses.Field[Any], ...]) -> Any:
    """``__init__``; a value that is the default of the class is not stored once more."""
    given: dict[str, Any] = {"_set": _set, "_factory": _FACTORY}
    head, body = ["self"], []
    keywords: list[str] = []
    for field in fields:
        name, parameter = field.name, field.name
        store = f"_set(self, {name!r}, {name})"
        if field.default is not dataclasses.MISSING:
            given[f"_default_{name}"] = field.default
            parameter = f"{name}=_default_{name}"
            store = f"if {name} is not _default_{name}: {store}"
        elif field.default_factory is not dataclasses.MISSING:
            given[f"_make_{name}"] = field.default_factory
            parameter = f"{name}=_factory"
            made = f"_make_{name}() if {name} is _factory else {name}"
            store = f"_set(self, {name!r}, {made})"
        (keywords if field.kw_only else head).append(parameter)
        body.append(store)
    if keywords:
        head += ["*", *keywords]
    if hasattr(kind, "__post_init__"):
        body.append("self.__post_init__()")
    lines = "\n    ".join(body or ["pass"])
    exec(f"def __init__({', '.join(head)}):\n    {lines}", given)
    made_init = given["__init__"]
    made_init.__qualname__ = f"{kind.__qualname__}.__init__"
    made_init.__module__ = kind.__module__
    return made_init


def _repr(names: list[str]) -> Any:
    def __repr__(self: Any) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({values})"

    return __repr__


def _comparison(names: list[str]) -> dict[str, Any]:
    values: Callable[[Any], Any] = operator.attrgetter(*names) if names else lambda self: ()

    def __eq__(self: Any, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return bool(values(self) == values(other))

    def __hash__(self: Any) -> int:
        return hash(values(self))

    return {"__eq__": __eq__, "__hash__": __hash__}


def _refusals(kind: Any, names: frozenset[str]) -> dict[str, Any]:
    """What keeps instances as they are; a subclass may have attributes of its own."""

    def __setattr__(self: Any, name: str, value: Any) -> None:
        if type(self) is kind or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(kind, self).__setattr__(name, value)

    def __delattr__(self: Any, name: str) -> None:
        if type(self) is kind or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(kind, self).__delattr__(name)

    return {"__setattr__": __setattr__, "__delattr__": __delattr__}


_FACTORY = object()
"""Stands for a value that the factory of its field is to make."""
