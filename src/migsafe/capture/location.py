"""Where a history lies: found from alembic.ini, pyproject.toml or the folder a user names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from migsafe.capture.alembic_ini import AlembicConfig, outermost, read_ini
from migsafe.capture.nested import goes_on_inside
from migsafe.errors import ConfigError, HistoryError
from migsafe.values import dataclass, replace

_MIGRATION = re.compile(r"(?!\.#|__init__).*\.py\Z")  # alembic.script.base: the same files
_REVISION = re.compile(rb"^(down_)?revision\b", re.M)


@dataclass(frozen=True)
class Location:
    """A history's folders; all paths are absolute.

    Attributes:
        versions: the folders with migration files.
        script_location: the folder with env.py, if there is one.
        ini: the alembic.ini, if one was read; *toml* the pyproject.toml that stands for it.
        root: the folder from which the project runs Alembic.
        search: folders that come first in `sys.path`.
        selected: the migration files that were named, when not the whole history was.
    """

    versions: tuple[Path, ...]
    root: Path
    script_location: Path | None = None
    ini: Path | None = None
    toml: Path | None = None
    search: tuple[Path, ...] = ()
    recursive: bool = False
    selected: tuple[Path, ...] = ()

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders on whose modules the history may depend."""
        found = (
            self.root,
            *self.search,
            *((self.script_location,) if self.script_location else ()),
        )
        return tuple(dict.fromkeys(found))

    @property
    def env(self) -> Path | None:
        """The project's env.py, if it is there."""
        path = self.script_location / "env.py" if self.script_location else None
        return path if path is not None and path.is_file() else None


def migration_files(folders: tuple[Path, ...], *, recursive: bool) -> Iterator[Path]:
    """The files of *folders* that Alembic takes for migrations, each once, in order of name."""
    seen = set()
    for folder in folders:
        found = folder.rglob("*.py") if recursive else folder.glob("*.py")
        for path in sorted(found, key=_order):
            if _MIGRATION.match(path.name) and path not in seen:
                seen.add(path)
                yield path


def _order(path: Path) -> list[str]:
    """What paths are ordered by, to be asked for once for each."""
    return os.path.normcase(path).split(os.sep)


def find_history(paths: Sequence[Path | str] = (), cwd: Path | None = None) -> Location:
    """Find the history that *paths* name, or that of the project around *cwd* when there are none.

    A path is a folder of migrations, the folder with env.py, a project, an ini file, a
    pyproject.toml, or migration files of one history.
    Raises ConfigError or HistoryError when there is no history.
    """
    cwd = (cwd or Path.cwd()).resolve()
    given = [(cwd / path).resolve() for path in map(Path, paths)]
    if not given:
        return _around(cwd)
    for path in given:
        if not path.exists():
            raise HistoryError("there is no such file or folder", file=path)
    if _are_migrations(given):
        found = _of_files(given, cwd)
        if len(found) > 1:
            folders = ", ".join(str(folder) for one in found for folder in one.versions)
            raise HistoryError(f"the files are of several histories: {folders}")
        return found[0]
    if len(given) > 1:
        return _several(given, cwd)
    path = given[0]
    return _in_folder(path, cwd) if path.is_dir() else _in_file(path, cwd)


def find_histories(paths: Sequence[Path | str] = (), cwd: Path | None = None) -> list[Location]:
    """As `find_history`, but migration files may be of several histories: one `Location` each."""
    cwd = (cwd or Path.cwd()).resolve()
    given = [(cwd / path).resolve() for path in map(Path, paths)]
    if given and _are_migrations(given):
        return _of_files(given, cwd)
    return [find_history(paths, cwd)]


def is_migration(path: Path) -> bool:
    """Whether the file *path* is there, and is one that Alembic takes for a migration."""
    is_python = path.is_file() and _MIGRATION.match(path.name) is not None
    return is_python and _REVISION.search(path.read_bytes()) is not None


def _are_migrations(given: Sequence[Path]) -> bool:
    return all(path.is_file() and path.suffix == ".py" for path in given)


def _of_files(files: Sequence[Path], cwd: Path) -> list[Location]:
    """The histories to which migration *files* belong, each with its own as ``selected``."""
    found: dict[tuple[Path, ...], Location] = {}
    for folder in dict.fromkeys(path.parent for path in files):
        location = _configured_for(folder, cwd) or _in_folder(folder, cwd)
        location = found.get(location.versions, location)
        own = tuple(path for path in files if path.parent == folder)
        found[location.versions] = replace(location, selected=(*location.selected, *own))
    return list(found.values())


def _configured_for(folder: Path, cwd: Path) -> Location | None:
    """The history, with all of its folders, whose configuration says that *folder* is a part."""
    for above in (folder, *folder.parents)[:5]:
        try:
            found = _configured(above, cwd)
        except ConfigError:
            continue
        if found is None:
            continue
        if folder in found.versions:
            return found
        if found.recursive and any(folder.is_relative_to(one) for one in found.versions):
            return found
    return None


def _around(cwd: Path) -> Location:
    named = os.environ.get("ALEMBIC_CONFIG")
    if named:
        return _in_file((cwd / named).resolve(), cwd)
    unscripted: AlembicConfig | None = None
    for folder in (cwd, *cwd.parents):
        if (found := _configured(folder, cwd)) is not None:
            return found
        unscripted = unscripted or next(_configs(folder, cwd), None)
        if (folder / ".git").exists():
            break
    if unscripted is not None:
        raise ConfigError(
            "it says nothing of a script_location: add one, or name the folder with the migrations",
            file=unscripted.path,
        )
    raise ConfigError(
        f"no alembic.ini and no [tool.alembic] in a pyproject.toml in {cwd} or above it; "
        "run migsafe in the project, or name the folder with the migrations"
    )


def _configured(folder: Path, cwd: Path) -> Location | None:
    configs = list(_configs(folder, cwd))
    scripted = next((c for c in configs if c.text("script_location")), None)
    return _from_config(scripted, configs) if scripted else None


def _configs(folder: Path, cwd: Path) -> Iterator[AlembicConfig]:
    """Alembic's settings in *folder*: those in pyproject.toml come first, as for Alembic."""
    for name in ("pyproject.toml", "alembic.ini"):
        path = folder / name
        if path.is_file() and (config := read_ini(path, cwd)) is not None:
            yield config


def _in_file(path: Path, cwd: Path) -> Location:
    if not path.is_file():
        raise ConfigError("there is no such file", file=path)
    if path.suffix not in (".ini", ".toml", ".cfg"):
        raise HistoryError("neither a migration (.py) nor a configuration (.ini, .toml)", file=path)
    config = read_ini(path, cwd)
    if config is None or not config.text("script_location"):
        section = "[tool.alembic]" if path.suffix == ".toml" else "[alembic]"
        raise ConfigError(f"it has no {section} with a script_location", file=path)
    return _from_config(config, [config])


def _from_config(config: AlembicConfig, around: Iterable[AlembicConfig]) -> Location:
    search = config.folders("prepend_sys_path")
    script_location = config.folder(config.text("script_location") or "", search)
    if not script_location.is_dir():
        message = f"script_location is {script_location}, which is no folder"
        raise ConfigError(message, file=config.path)
    versions = config.folders("version_locations", search)
    recursive = config.flag("recursive_version_locations")
    if not versions:
        versions = (script_location / "versions",)
        recursive = recursive or goes_on_inside(versions)
    return Location(
        versions=versions,
        root=config.path.parent,
        script_location=script_location,
        ini=next((c.path for c in around if c.path.suffix != ".toml"), None),
        toml=next((c.path for c in around if c.path.suffix == ".toml"), None),
        search=(*search, config.path.parent, outermost(script_location)),
        recursive=recursive,
    )


def _in_folder(folder: Path, cwd: Path) -> Location:
    """The history in *folder*; a configuration that leads to it adds what it says."""
    scripts = _script_location(folder)
    is_history = scripts is not None or any(_migrations(folder))
    for above in (folder, *folder.parents)[:5]:
        try:
            found = _configured(above, cwd)
        except ConfigError:
            if is_history:
                continue
            raise
        if found is None:
            continue
        if above == folder and not is_history:
            return found
        if found.script_location in (folder, scripts) or folder in found.versions:
            whole = folder in (found.script_location, scripts)
            return found if whole else replace(found, versions=(folder,))
    versions = folder / "versions" if (folder / "versions").is_dir() else folder
    root = outermost((scripts or folder).parent)
    inside = scripts is not None and goes_on_inside((versions,))
    return Location((versions,), root, scripts, search=(root,), recursive=inside)


def _migrations(folder: Path) -> Iterator[Path]:
    yield from folder.glob("versions/*.py")
    yield from (path for path in folder.glob("*.py") if _REVISION.search(path.read_bytes()))


def _script_location(folder: Path) -> Path | None:
    above = folder.parent
    candidates = (folder, above, above.parent) if above.name == "versions" else (folder, above)
    return next((c for c in candidates if (c / "env.py").is_file()), None)


def _several(folders: Sequence[Path], cwd: Path) -> Location:
    if not all(path.is_dir() for path in folders):
        raise HistoryError("name either folders, or migration files, or one alembic.ini")
    found = [_in_folder(folder, cwd) for folder in folders]
    search = dict.fromkeys(path for one in found for path in one.search)
    return replace(found[0], versions=tuple(folders), search=tuple(search))
