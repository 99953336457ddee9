"""What every rule has, whatever it judges: a code, examples, and a page that is its docstring."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterable
from typing import ClassVar, TypeVar


class Described:
    """A rule that explains itself; class name, file name and the rule's name are one spelling.

    Class attributes:
        code: ``MSnnn``, stable and never reused.
        bad, good: examples on which the rule speaks and on which it is silent.
        safe_way: the remedy, when it is the same for all findings.
    """

    code: ClassVar[str]
    bad: ClassVar[tuple[str, ...]]
    good: ClassVar[tuple[str, ...]]
    safe_way: ClassVar[str | None] = None

    def __init_subclass__(cls, *, is_kind: bool = False) -> None:
        super().__init_subclass__()
        if is_kind:
            return
        for part in ("code", "bad", "good"):
            if not getattr(cls, part, None):
                raise TypeError(f"rule {cls.__name__} has no {part}")
        if not re.fullmatch(r"[A-Z]{2,8}\d{3,4}", cls.code):
            raise TypeError(f"rule {cls.__name__}: {cls.code!r} is no code like MS101")
        if not (cls.__doc__ or "").strip():
            raise TypeError(f"rule {cls.__name__} has no docstring; it is its documentation")

    @classmethod
    def rule_name(cls) -> str:
        """The name that people write after "allow"."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    def documentation(cls) -> str:
        """The docstring, without its indentation."""
        return inspect.cleandoc(cls.__doc__ or "")


Kind = TypeVar("Kind", bound=Described)


def found_in(packages: Iterable[str], kind: type[Kind]) -> tuple[Kind, ...]:
    """One instance of each rule of *kind* in *packages*, in the order of their codes.

    Raises TypeError when two rules share a code, or a file and its class differ in name.
    """
    found: dict[str, Kind] = {}
    for package in packages:
        module = importlib.import_module(package)
        for info in pkgutil.iter_modules(module.__path__, f"{package}."):
            rule = _rule_of(importlib.import_module(info.name), kind)
            if rule.code in found:
                raise TypeError(f"{rule.code} is taken by {type(found[rule.code]).__name__}")
            found[rule.code] = rule
    return tuple(found[code] for code in sorted(found))


def _rule_of(module: object, kind: type[Kind]) -> Kind:
    name = str(getattr(module, "__name__", ""))
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, kind) and value.__module__ == name
    ]
    if len(classes) != 1:
        raise TypeError(f"{name} holds {len(classes)} rules; one file is one rule")
    file = name.rpartition(".")[2].replace("_", "-")
    if classes[0].rule_name() != file:
        raise TypeError(f"{name} holds {classes[0].__name__}; file and class have one spelling")
    return classes[0]()
