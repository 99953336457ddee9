"""``shop.models:metadata`` → the MetaData of an application, or one sentence on why not."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migsafe.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy import MetaData

_FORM = "write MODULE:METADATA, as in shop.models:metadata or shop.models:Base"
_USUAL = ("metadata", "Base", "SQLModel", "db")


def load_metadata(target: str) -> MetaData:
    """Import the MetaData that *target* names, as ``module:attribute`` or ``module`` alone.

    The attribute may be dotted, and a class with a ``metadata`` (a declarative base, SQLModel)
    stands for that. The current folder is on the import path. Raises ConfigError when there is no
    such module, it does not import, or what it names is no MetaData or has no tables.
    """
    from sqlalchemy import MetaData

    module_name, _, attribute = target.partition(":")
    module = load_module(module_name, target)
    found = _attribute(module, attribute) if attribute else _only(module)
    metadata = found if isinstance(found, MetaData) else getattr(found, "metadata", None)
    if not isinstance(metadata, MetaData):
        raise ConfigError(f"{target} is a {type(found).__name__} and no MetaData; {_FORM}")
    if not metadata.tables:
        raise ConfigError(
            f"{target} has no tables; name the module that imports all models, not only their base"
        )
    return metadata


def load_module(name: str, target: str = "") -> Any:
    """Import a module of the application; ConfigError, which may speak of *target*, if it fails."""
    if not name or "/" in name or name.endswith(".py"):
        raise ConfigError(f"{target or name!r} does not name a module; {_FORM}")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or name
        if f"{name}.".startswith(f"{missing}."):
            raise ConfigError(
                f"there is no module {missing!r}, neither installed nor in this folder; {_FORM}"
            ) from error
        raise ConfigError(f"{name} imports {missing!r}, which is not installed") from error
    except (Exception, SystemExit) as error:
        words = f"{type(error).__name__}: {error}".rstrip(": ")
        raise ConfigError(f"{name} does not import: {words}", **_place(error)) from error


def _place(error: BaseException) -> dict[str, Any]:
    """File and line of the user's code where *error* came up."""
    if isinstance(error, SyntaxError):
        return {"file": error.filename, "line": error.lineno}
    found: dict[str, Any] = {}
    traceback = error.__traceback__
    while traceback is not None:
        path = Path(traceback.tb_frame.f_code.co_filename)
        if path.is_relative_to(Path.cwd()) and "site-packages" not in path.parts:
            found = {"file": path.relative_to(Path.cwd()), "line": traceback.tb_lineno}
        traceback = traceback.tb_next
    return found


def _only(module: Any) -> Any:
    """The MetaData of *module*, or what has it; of usual names before others."""
    from sqlalchemy import MetaData

    held: dict[int, list[str]] = {}
    # Of other names only classes and MetaData: proxies may not be touched outside of an app.
    others = [n for n, v in vars(module).items() if issubclass(type(v), (type, MetaData))]
    for name in (*_USUAL, *sorted(set(others) - set(_USUAL))):
        found = _held(module, name)
        if isinstance(found, MetaData) and (found.tables or name in _USUAL):
            held.setdefault(id(found), []).append(name)
    filled = [names for names in held.values() if _held(module, names[0]).tables]
    usual = [names for names in filled if names[0] in _USUAL]
    chosen = usual if len(usual) == 1 else filled or list(held.values())
    if not chosen:
        raise ConfigError(f"{module.__name__} has no metadata, Base or SQLModel; {_FORM}")
    if len(chosen) > 1:
        names = [f"{module.__name__}:{of_one[0]}" for of_one in chosen]
        raise ConfigError(f"{module.__name__} has {len(names)} MetaData; name {' or '.join(names)}")
    return getattr(module, chosen[0][0])


def _held(module: Any, name: str) -> Any:
    from sqlalchemy import MetaData

    found = getattr(module, name, None)
    return found if isinstance(found, MetaData) else getattr(found, "metadata", None)


def _attribute(module: Any, dotted: str) -> Any:
    found = module
    for part in dotted.split("."):
        if not hasattr(found, part):
            there = [name for name in _USUAL if _is_holder(module, name)]
            hint = f"; it has {', '.join(there)}" if there else f"; {_FORM}"
            raise ConfigError(f"{module.__name__} has no {dotted!r}{hint}")
        found = getattr(found, part)
    return found


def _is_holder(module: Any, name: str) -> bool:
    from sqlalchemy import MetaData

    return isinstance(_held(module, name), MetaData)
