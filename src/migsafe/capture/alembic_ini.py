"""What alembic.ini, or [tool.alembic] in pyproject.toml, says; without importing Alembic."""

from __future__ import annotations

import configparser
import os
import re
import sys
from collections.abc import Mapping
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from migsafe.errors import ConfigError
from migsafe.values import dataclass

SEPARATORS = {"space": " ", "newline": "\n", "os": os.pathsep, ":": ":", ";": ";"}


@dataclass(frozen=True)
class AlembicConfig:
    """The settings of one configuration file; lists are as Alembic splits them.

    A relative path is one from *cwd*, as for Alembic, or else from the file's own folder.
    """

    path: Path
    settings: Mapping[str, Any]
    cwd: Path

    def text(self, name: str) -> str | None:
        """A setting as text, or None."""
        value = self.settings.get(name)
        return None if value is None else str(value)

    def several(self, name: str) -> tuple[str, ...]:
        """A setting that lists paths."""
        value = self.settings.get(name)
        if value is None:
            return ()
        if isinstance(value, list):
            return tuple(map(str, value))
        named = self.text("path_separator") or self.text("version_path_separator")
        separator = SEPARATORS.get(named or "")
        # Alembic's rule for files that name no separator: spaces, commas and colons.
        parts = str(value).split(separator) if separator else re.split(r"[, ]+", str(value))
        return tuple(part.strip() for part in parts if part.strip())

    def flag(self, name: str) -> bool:
        """A setting that is on or off."""
        return (self.text(name) or "").lower() in ("true", "yes", "on", "1")

    def folders(self, name: str, search: tuple[Path, ...] = ()) -> tuple[Path, ...]:
        """The folders that a setting lists."""
        return tuple(self.folder(part, search) for part in self.several(name))

    def folder(self, text: str, search: tuple[Path, ...] = ()) -> Path:
        """The folder that *text* names: a path, or ``package:path`` in a package in *search*."""
        package, *parts = text.split(":")
        if not parts or Path(text).is_absolute() or len(package) == 1:
            from_cwd = (self.cwd / text).resolve()
            return from_cwd if from_cwd.is_dir() else (self.path.parent / text).resolve()
        places = [*search, self.cwd, outermost(self.path.parent), *sys.path]
        spec = PathFinder.find_spec(package.partition(".")[0], list(map(str, places)))
        found = list(spec.submodule_search_locations or ()) if spec else []
        if not found:
            raise ConfigError(
                f"{text!r} names the package {package}, which is not found; "
                "run migsafe where it can be imported, or name the folder itself",
                file=self.path,
            )
        return Path(found[0], *package.split(".")[1:], *parts).resolve()


def outermost(folder: Path) -> Path:
    """*folder*, or the first above it that is no Python package: where its imports start."""
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def read_ini(path: Path, cwd: Path) -> AlembicConfig | None:
    """Read *path*, an ini file or a pyproject.toml; None when it says nothing about Alembic."""
    settings = _toml(path) if path.suffix == ".toml" else _ini(path)
    return None if settings is None else AlembicConfig(path.resolve(), settings, cwd)


def _ini(path: Path) -> Mapping[str, Any] | None:
    parser = configparser.ConfigParser({"here": str(path.resolve().parent)})
    try:
        with path.open(encoding="utf-8") as file:
            parser.read_file(file)
        return dict(parser["alembic"]) if parser.has_section("alembic") else None
    except configparser.Error as error:
        line = getattr(error, "lineno", None)
        raise ConfigError(f"not an ini file: {error.message}", file=path, line=line) from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot be read: {error}", file=path) from error


def _toml(path: Path) -> Mapping[str, Any] | None:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"not a TOML file: {error}", file=path) from error
    section = found.get("tool", {}).get("alembic")
    if section is None:
        return None
    here = str(path.resolve().parent)
    return {name: _interpolated(value, here) for name, value in section.items()}


def _interpolated(value: Any, here: str) -> Any:
    if isinstance(value, list):
        return [_interpolated(one, here) for one in value]
    return value.replace("%(here)s", here) if isinstance(value, str) else value
