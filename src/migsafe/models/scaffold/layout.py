"""Where a project has its models, and where a new one's files go."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migsafe.capture import Location
from migsafe.config import ModelsSettings
from migsafe.errors import ConfigError
from migsafe.models.places import descendants
from migsafe.models.scaffold.blueprint import Imported

if TYPE_CHECKING:
    from sqlalchemy import MetaData


@dataclass(frozen=True)
class Layout:
    """The modules and folders of a project.

    Attributes:
        root: the folder from which its imports start.
        package: the package of the models; empty when they are in a module at the top.
        is_flat: they are in a module of *package*, beside other things, and in no package.
        schemas, repositories: packages for those.
        tests: the folder of the tests.
    """

    root: Path
    package: str
    is_flat: bool
    schemas: str
    repositories: str
    tests: Path

    def path(self, module: str) -> Path:
        """The file of a module that is to be written."""
        return self.root.joinpath(*module.split(".")).with_suffix(".py")

    def module(self, name: str) -> str:
        """The module *name* beside the models."""
        return f"{self.package}.{name}" if self.package else name


def layout_of(base: Imported | None, location: Location, settings: ModelsSettings) -> Layout:
    """The layout of the project whose models inherit from *base*; *settings* go first.

    Without a base, the package has to be a setting; raises ConfigError when it is not.
    """
    package, is_flat, root = settings.package, False, _root(location)
    module = sys.modules.get(base.module) if base is not None else None
    file = getattr(module, "__file__", None)
    if base is not None and file and not _is_library(Path(file)):
        name = base.module if hasattr(module, "__path__") else base.module.rpartition(".")[0]
        root = Path(file).resolve().parents[base.module.count(".") + hasattr(module, "__path__")]
        is_flat = package is None and not hasattr(module, "__path__") and _holds_models(module)
        package = package if package is not None else name
    if package is None:
        raise ConfigError(
            "where are the models? set package under [tool.migsafe.models] in pyproject.toml, as "
            'in package = "app.models"'
        )
    parent = package if is_flat else package.rpartition(".")[0]
    beside = f"{parent}." if parent else ""
    return Layout(
        root,
        package,
        is_flat,
        settings.schemas or f"{beside}schemas",
        settings.repositories or f"{beside}repositories",
        location.root / (settings.tests or "tests"),
    )


def _root(location: Location) -> Path:
    return location.search[0] if location.search else location.root


def _is_library(path: Path) -> bool:
    return "site-packages" in path.parts


def _holds_models(module: Any) -> bool:
    """Whether tables are mapped in the module of the base itself, as in a models.py."""
    name = module.__name__
    return "." not in name or any(
        cls.__module__ == name and "__table__" in vars(cls) for cls in descendants(object)
    )


def base_of(metadata: MetaData, style: str | None) -> tuple[str, Imported] | None:
    """The style and the class that new models of *metadata* inherit from; None if there is none.

    *style* asks for one; otherwise it is that of most models.
    """
    found = [
        (one, cls, count)
        for one, classes in (("sqlmodel", _sqlmodels()), ("sqlalchemy", descendants(object)))
        for cls, count in _bases(metadata, classes, one == "sqlmodel")
        if style in (None, one)
    ]
    if not found:
        return None
    order = sorted(
        found,
        key=lambda one: (
            -one[2],
            "__abstract__" in vars(one[1]),
            one[1].__module__ == "sqlmodel.main",
            one[1].__module__,
            one[1].__qualname__,
        ),
    )
    kind, cls, _ = order[0]
    module = "sqlmodel" if cls.__module__.startswith("sqlmodel.") else cls.__module__
    return kind, Imported(module, cls.__name__)


def _sqlmodels() -> Iterable[type]:
    module = sys.modules.get("sqlmodel")
    return () if module is None else (module.SQLModel, *descendants(module.SQLModel))


def _bases(
    metadata: MetaData, classes: Iterable[type], is_sqlmodel: bool
) -> Iterable[tuple[type, int]]:
    """Classes that are mapped to no table, with how many of their children are."""
    from sqlalchemy.orm import MappedAsDataclass

    for cls in classes:
        if getattr(cls, "metadata", None) is not metadata or hasattr(cls, "__table__"):
            continue
        is_pydantic = hasattr(cls, "model_fields")
        if is_pydantic is not is_sqlmodel or issubclass(cls, MappedAsDataclass):
            continue
        if is_sqlmodel and getattr(cls, "model_fields", None):  # a mixin
            continue
        if not is_sqlmodel and not hasattr(cls, "registry"):
            continue
        yield cls, sum("__table__" in vars(child) for child in descendants(cls))


def class_of(metadata: MetaData, table: Any, base: Imported) -> Imported | None:
    """The class that is mapped to *table* in the registry of *base*, if it can be imported."""
    for cls in _mapped_beside(base):
        found = Imported(cls.__module__, cls.__name__)
        if vars(cls)["__table__"] is table and _class(found) is cls:
            return found
    return None


def class_named(name: str, base: Imported) -> Imported | None:
    """The mapped class *name* in the registry of *base*."""
    found = (cls for cls in _mapped_beside(base) if cls.__name__ == name)
    return next((Imported(cls.__module__, name) for cls in found), None)


def has_attribute(base: Imported, name: str) -> bool:
    """Whether a column of this name would hide something of *base*."""
    return hasattr(_class(base), name)


def _mapped_beside(base: Imported) -> Iterator[Any]:
    registry = _registry(_class(base))
    for cls in descendants(object):
        if "__table__" in vars(cls) and _registry(cls) is registry:
            yield cls


def _class(one: Imported) -> Any:
    module = sys.modules.get(one.module)
    return getattr(module, one.name, None)


def _registry(cls: Any) -> Any:
    return getattr(cls, "registry", None) or getattr(cls, "_sa_registry", None)
