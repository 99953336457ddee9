"""The `migsafe` command: one file per command, loaded when it is called."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from migsafe import __version__
from migsafe.errors import MigsafeError

# command → one line for the overview; the module of the same name holds the click command.
COMMANDS = {
    "init": "Create a migrations folder with the plugin, or put the plugin into an existing one.",
    "check": "Say what each migration does to other sessions, to data and to running code.",
    "baseline": "Write down what check finds today, so that only new findings count.",
    "fix": "Rewrite migrations that are not released yet in their safe form.",
    "trace": "The same, measured on a throwaway PostgreSQL.",
    "roundtrip": "Run every revision up, down and up again and compare the schemas.",
    "upgrade": "Upgrade a live database with guards: lock timeout, retries, who blocks whom.",
    "models": "Lint, draw, document, verify and extend the schema design.",
    "stats": "Write down how large the tables of a database are, for check --stats.",
    "effects": "Say what ad-hoc SQL statements do to other sessions.",
    "rules": "List the rules.",
    "explain": "Explain one rule, with its examples.",
}


class _Commands(click.Group):
    """Loads a command's module only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"migsafe.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and name not in COMMANDS:
            import difflib

            close = difflib.get_close_matches(name, COMMANDS, 1)
            hint = f" Did you mean {close[0]}?" if close else " See migsafe --help."
            ctx.fail(f"There is no command {name!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 clean, 1 findings, 2 could not run.",
)
@click.version_option(__version__, prog_name="migsafe", message="%(prog)s %(version)s")
def cli() -> None:
    """Alembic migrations on PostgreSQL, safe to write, review, run and undo.

    Start with `migsafe check` in a project that has an alembic.ini: it needs no database.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; ends the process with exit code 0, 1 or 2."""
    if sys.stdout is None:  # closed by the caller: the exit code still tells
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    try:
        with _seldom_collected(to_the_end=arguments is None):
            result: Any = cli.main(arguments, prog_name="migsafe", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Abort:
        _stop("interrupted")
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except MigsafeError as error:
        _stop(str(error))
    except BrokenPipeError:
        _drop_output()
        sys.exit(2)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO) or error.filename:
            _unexpected(error)
        _drop_output()
        _stop(f"the output could not be written: {error.strerror}")
    except Exception as error:
        _unexpected(error)
    sys.exit(result if isinstance(result, int) else 0)


@contextmanager
def _seldom_collected(*, to_the_end: bool) -> Iterator[None]:
    """Look for garbage when a million objects have come, not seven hundred.

    Nearly all that a command makes, it keeps to its end: looking through it again and again is a
    sixth of the time of a check, and finds some ten megabytes. Nor is it looked through once more
    when all is done, if what is inside goes *to_the_end* of the process.
    """
    before = gc.get_threshold()
    gc.set_threshold(1_000_000, 1000, 1000)
    try:
        yield
    finally:
        if to_the_end:
            gc.freeze()
        else:
            gc.set_threshold(*before)


def _drop_output() -> None:
    """Let nothing more be written where it fails, at the end of the process either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unexpected(error: Exception) -> None:
    if os.environ.get("MIGSAFE_TRACEBACK"):
        raise error
    _stop(
        f"unexpected {type(error).__name__}: {error}\n"
        "This is a fault of migsafe. MIGSAFE_TRACEBACK=1 shows where it happened."
    )


def _stop(message: str) -> None:
    click.echo(f"migsafe: {message}", err=True)
    sys.exit(2)
