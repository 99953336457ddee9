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
    module = _module(module_name, target)
    if attribute:
        found = _attribute(module, attribute)
    else:
        found = next((getattr(module, n) for n in _USUAL if _is_holder(module, n)), None)
        if found is None:
            raise ConfigError(f"{module_name} has no metadata, Base or SQLModel; {_FORM}")
    metadata = found if isinstance(found, MetaData) else getattr(found, "metadata", None)
    if not isinstance(metadata, MetaData):
        raise ConfigError(f"{target} is a {type(found).__name__} and no MetaData; {_FORM}")
    if not metadata.tables:
        raise ConfigError(
            f"{target} has no tables; name the module that imports all models, not only their base"
        )
    return metadata


def _module(name: str, target: str) -> Any:
    if not name or "/" in name or name.endswith(".py"):
        raise ConfigError(f"{target!r} does not name a module; {_FORM}")
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

    found = getattr(module, name, None)
    return isinstance(found, MetaData) or isinstance(getattr(found, "metadata", None), MetaData)
