"""``[tool.migsafe]`` in pyproject.toml as frozen values.

Imported by the plugin, which applications load in production: so it imports nothing of weight.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from migsafe.errors import ConfigError
from migsafe.values import dataclass

OLDEST, NEWEST = 14, 18
"""The PostgreSQL majors that migsafe knows."""

SEVERITIES = ("error", "warning", "info")
"""The values of `migsafe.rule.Severity`, the gravest first."""


@dataclass(frozen=True)
class Size:
    """How large a table is: its *bytes* without indexes, or its *rows*."""

    bytes: int | None = None
    rows: int | None = None

    @classmethod
    def parse(cls, value: Any) -> Size:
        """``"500MB"`` and ``"1GB"`` are bytes, a number is rows; raises ValueError otherwise."""
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return cls(rows=value)
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kMGT]?B)\s*", str(value))
        if match is None:
            raise ValueError('expected a size, like "1GB", or a number of rows, like 1000000')
        return cls(bytes=int(float(match[1]) * _UNITS[match[2]]))

    def is_reached(self, bytes_: int, rows: int | None) -> bool:
        """Whether a table with so many bytes and rows is as large; False where rows are unknown."""
        if self.rows is not None:
            return rows is not None and rows >= self.rows
        return bytes_ >= (self.bytes or 0)


_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


@dataclass(frozen=True)
class ServerSettings:
    """``[tool.migsafe.server]``: the throwaway PostgreSQL.

    Attributes:
        provider: one of `migsafe.server.PROVIDERS`; None takes what there is.
        url: a server on which databases may be created, for the provider ``url``.
        major: the major version wanted, or None for any.
    """

    provider: str | None = None
    url: str | None = field(default=None, repr=False)
    major: int | None = None


@dataclass(frozen=True)
class RoundtripSettings:
    """``[tool.migsafe.roundtrip]``: what `migsafe roundtrip` and ``pytest --migsafe`` prove.

    Attributes:
        checks: names of `migsafe.roundtrip.checks.NAMES`; None for the usual ones.
        keep_going: whether revisions behind one that cannot be upgraded are tried all the same.
        timeout: how many seconds an upgrade or a downgrade may take; no limit if 0.
        seeds: the folder with rows of the project's own, from the folder of pyproject.toml.
        release: the git commit of the last release; the last tag if None.
    """

    checks: tuple[str, ...] | None = None
    keep_going: bool = False
    timeout: float = 60.0
    seeds: str = "tests/migrations/seeds"
    release: str | None = None


@dataclass(frozen=True)
class AutogenerateSettings:
    """``[tool.migsafe.autogenerate]``: what the plugin writes.

    *online* says whether statements that block others are written in their online form.
    """

    online: bool = True


@dataclass(frozen=True)
class ModelsSettings:
    """``[tool.migsafe.models]``: where `migsafe models new` writes.

    Attributes:
        package: the package of the models, as ``app.models``; None to find it.
        schemas, repositories: packages for those, beside that of the models if None.
        tests: the folder of the tests, from the project's root.
        style: sqlmodel or sqlalchemy; None for that of the models that are there.
        session: sync or async, for repositories.
    """

    package: str | None = None
    schemas: str | None = None
    repositories: str | None = None
    tests: str | None = None
    style: str | None = None
    session: str = "sync"


@dataclass(frozen=True)
class Settings:
    """``[tool.migsafe]``: what a project has decided.

    Attributes:
        target_version: the oldest PostgreSQL major that the migrations will run on.
        select: codes, names or prefixes of codes of the rules to use; all rules when empty.
        ignore: the same, of the rules not to use.
        severity: severities other than a rule's own (``error`` …), by the rule's code or name.
        min_severity: findings less grave than this are not shown and do not count.
        exclude: patterns of migration files that are folded but not judged.
        rules: packages with further rules.
        baseline: a file with findings that are known already.
        stats: a file that `migsafe stats` has written; severities follow the sizes in it.
        small, large: work on tables smaller than *small* is a note; on those as large as *large*
            a warning about it is an error.
        path: the pyproject.toml that was read, or None.
    """

    target_version: int = OLDEST
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)
    min_severity: str = "warning"
    exclude: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    baseline: str | None = None
    stats: str | None = None
    small: Size = Size(bytes=10**7)
    large: Size = Size(bytes=10**9)
    server: ServerSettings = ServerSettings()
    roundtrip: RoundtripSettings = RoundtripSettings()
    autogenerate: AutogenerateSettings = AutogenerateSettings()
    models: ModelsSettings = ModelsSettings()
    path: Path | None = None


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


_READERS: Mapping[str, Reader] = {
    "target_version": _major,
    "select": _texts,
    "ignore": _texts,
    "severity": _severities,
    "min_severity": _severity,
    "exclude": _texts,
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
    "timeout": _seconds,
    "seeds": _text,
    "release": _text,
    "provider": _provider,
    "url": _text,
    "major": _major,
    "online": _flag,
    "models": _table(ModelsSettings),
    "package": _text,
    "schemas": _text,
    "repositories": _text,
    "tests": _text,
    "style": _choice("sqlmodel", "sqlalchemy"),
    "session": _choice("sync", "async"),
}
