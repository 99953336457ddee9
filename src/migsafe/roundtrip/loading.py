"""A project's configuration and its migrations, loaded as Alembic loads them."""

from __future__ import annotations

import contextlib
import logging
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migsafe.capture import Location, read_scripts
from migsafe.errors import HistoryError, MigsafeError

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory


def config_of(location: Location) -> Any:
    """Alembic's Config of the project."""
    from alembic.config import Config

    config = Config(
        str(location.ini) if location.ini else None,
        toml_file=str(location.toml) if location.toml else None,
    )
    if location.script_location is not None:
        config.set_main_option("script_location", str(location.script_location).replace("%", "%%"))
    return config


def scripts_of(location: Location) -> ScriptDirectory:
    """The ScriptDirectory, with every migration loaded; raises HistoryError, with the file."""
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    try:
        with quiet(), warnings.catch_warnings():
            warnings.filterwarnings("error", message="Revision .* is present more than once")
            scripts = ScriptDirectory(
                str(location.script_location or location.versions[0].parent),
                version_locations=[str(path) for path in location.versions],
                recursive_version_locations=location.recursive,
            )
            list(scripts.walk_revisions())
    except MigsafeError:
        raise
    except (CommandError, UserWarning) as error:
        raise _no_history(location) or HistoryError(str(error)) from error
    except (Exception, SystemExit) as error:
        file, line = place(error, location)
        message = f"a migration does not load: {type(error).__name__}: {first_line(error)}"
        told = HistoryError(message, file=file, line=line)
        raise (_no_history(location) if file is None else None) or told from error
    return scripts


def _no_history(location: Location) -> HistoryError | None:
    """What is wrong with the chain, with the file, if reading the files tells it."""
    from migsafe.capture.graph import ordered

    try:
        ordered(read_scripts(location))
    except HistoryError as told:
        return told
    return None


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the project's log lines, warnings and prints out of our output."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(sys.stderr):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def first_line(error: BaseException) -> str:
    """The first line of what *error* says."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def place(error: BaseException, location: Location) -> tuple[Path | None, int | None]:
    """File and line where *error* came from, in a migration or env.py if it passed through one."""
    if isinstance(error, SyntaxError) and error.filename:
        return Path(error.filename), error.lineno
    folders = (*location.versions, *filter(None, [location.script_location]))
    place: tuple[Path | None, int | None] = (None, None)
    trace = error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if any(path.is_relative_to(folder) for folder in folders):
            place = (path, trace.tb_lineno)
        trace = trace.tb_next
    return place
