"""``[tool.migsafe]`` in pyproject.toml as frozen values.

Imported by the plugin, which applications load in production: so it imports nothing of weight.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from migsafe.errors import ConfigError
from migsafe.settings import (
    NEWEST,
    OLDEST,
    SEVERITIES,
    AutogenerateSettings,
    ModelsSettings,
    PathSettings,
    RoundtripSettings,
    ServerSettings,
    Settings,
    Size,
)

__all__ = [
    "NEWEST",
    "OLDEST",
    "SEVERITIES",
    "AutogenerateSettings",
    "ModelsSettings",
    "PathSettings",
    "RoundtripSettings",
    "ServerSettings",
    "Settings",
    "Size",
    "load_settings",
    "parse_settings",
]


def load_settings(start: Path) -> Settings:
    """Read the nearest pyproject.toml with a [tool.migsafe], in *start* or a folder above it.

    A folder with ``.git`` is the last that is looked into. Raises ConfigError with the file for
    TOML that is none, for keys that do not exist and for values of the wrong kind.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if path.is_file() and (section := _section(path)) is not None:
            return parse_settings(section, path)
        if (folder / ".git").exists():
            break
    return Settings()


def parse_settings(section: Mapping[str, Any], path: Path) -> Settings:
    """Turn the table [tool.migsafe] of the file *path* into Settings; raises ConfigError."""
    return Settings(**_values(Settings, section, "tool.migsafe", path), path=path)


def _section(path: Path) -> Mapping[str, Any] | None:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        with path.open("rb") as file:
            found = tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not a TOML file: {error}", file=path) from error
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=path) from error
    section = found.get("tool", {}).get("migsafe")
    if section is None or isinstance(section, dict):
        return section
    raise ConfigError("tool.migsafe is not a table; write [tool.migsafe]", file=path)


def _values(kind: type[Any], section: Mapping[str, Any], name: str, path: Path) -> dict[str, Any]:
    """The arguments for *kind* that the table called *name* gives."""
    known = {f.name.replace("_", "-"): f.name for f in dataclasses.fields(kind)}
    known.pop("path", None)
    values = {}
    for key, value in section.items():
        attribute = known.get(key.replace("_", "-"))
        if attribute is None:
            raise ConfigError(_unknown(key, name, known), file=path)
        try:
            values[attribute] = _READERS[attribute](value, f"{name}.{key}", path)
        except ValueError as error:
            raise ConfigError(f"{name}.{key} is {value!r}; {error}", file=path) from error
    return values


def _unknown(key: str, name: str, known: Mapping[str, str]) -> str:
    import difflib

    close = difflib.get_close_matches(key.replace("_", "-"), known, 1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(known))}"
    return f"[{name}] has no {key!r}; {hint}"


Reader = Callable[[Any, str, Path], Any]


def _texts(value: Any, name: str, path: Path) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise ValueError('expected a list of texts, like ["MS101"]')


def _text(value: Any, name: str, path: Path) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("expected a text")


def _flag(value: Any, name: str, path: Path) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("expected true or false")


def _size(value: Any, name: str, path: Path) -> Size:
    return Size.parse(value)


def _major(value: Any, name: str, path: Path) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and OLDEST <= value <= NEWEST:
        return value
    raise ValueError(f"expected a PostgreSQL major version from {OLDEST} to {NEWEST}")


def _severity(value: Any, name: str, path: Path) -> str:
    return _one_of(value, SEVERITIES)


def _severities(value: Any, name: str, path: Path) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError('expected a table, like {MS101 = "warning"}')
    return {rule: _severity(one, name, path) for rule, one in value.items()}


def _provider(value: Any, name: str, path: Path) -> str:
    from migsafe.server import PROVIDERS

    return _one_of(value, PROVIDERS)


def _checks(value: Any, name: str, path: Path) -> tuple[str, ...]:
    from migsafe.roundtrip.checks import NAMES

    return tuple(_one_of(one, NAMES) for one in _texts(value, name, path))


def _seconds(value: Any, name: str, path: Path) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    raise ValueError("expected a number of seconds, or 0 for no limit")


def _count(value: Any, name: str, path: Path) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise ValueError("expected a whole number from 1 on")


def _duration(value: Any, name: str, path: Path) -> str:
    if isinstance(value, str) and re.fullmatch(r"[1-9]\d*\s*(ms|s|min)", value):
        return value
    raise ValueError('expected a time with its unit, like "5s" or "500ms"')


def _one_of(value: Any, known: tuple[str, ...]) -> str:
    if value in known:
        return str(value)
    raise ValueError(f"expected one of {', '.join(known)}")


def _choice(*known: str) -> Reader:
    def read(value: Any, name: str, path: Path) -> Any:
        return _one_of(value, known)

    return read


def _table(kind: type[Any]) -> Reader:
    def read(value: Any, name: str, path: Path) -> Any:
        if isinstance(value, dict):
            return kind(**_values(kind, value, name, path))
        raise ValueError(f"expected a table [{name}]")

    return read


def _patterns(value: Any, name: str, path: Path) -> dict[str, PathSettings]:
    if not isinstance(value, dict):
        raise ValueError(f"expected tables, like [{name}.'*_legacy_*.py']")
    read = _table(PathSettings)
    return {pattern: read(one, f"{name}.'{pattern}'", path) for pattern, one in value.items()}


_READERS: Mapping[str, Reader] = {
    "target_version": _major,
    "select": _texts,
    "ignore": _texts,
    "severity": _severities,
    "min_severity": _severity,
    "exclude": _texts,
    "paths": _patterns,
    "rules": _texts,
    "baseline": _text,
    "stats": _text,
    "small": _size,
    "large": _size,
    "server": _table(ServerSettings),
    "autogenerate": _table(AutogenerateSettings),
    "roundtrip": _table(RoundtripSettings),
    "checks": _checks,
    "keep_going": _flag,
    "jobs": _count,
    "timeout": _seconds,
    "seeds": _text,
    "release": _text,
    "provider": _provider,
    "url": _text,
    "image": _text,
    "major": _major,
    "online": _flag,
    "split": _flag,
    "type_changes": _choice("chain", "rewrite"),
    "lock_timeout": _duration,
    "models": _table(ModelsSettings),
    "package": _text,
    "schemas": _text,
    "repositories": _text,
    "tests": _text,
    "style": _choice("sqlmodel", "sqlalchemy"),
    "session": _choice("sync", "async"),
    "profile": _choice("recommended", "audit", "strict"),
    "tables": _choice("plural", "any"),
    "index_prefixes": _texts,
    "created_at": _text,
    "updated_at": _text,
    "deleted_at": _text,
    "owners": _texts,
}
