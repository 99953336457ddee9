"""`migsafe effects`: what ad-hoc SQL statements do to other sessions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from migsafe.effects import Effects
    from migsafe.measure import Measurer
    from migsafe.session import Session
    from migsafe.sql.ast import Parsed

Found = Iterator[tuple["Parsed", "Effects"]]


class _Setup(NamedTuple):
    """What comes before, and the file it is from."""

    sql: str
    file: str


_NO_SETUP = "no --setup says which tables there are"
_ENCODING = "utf-8-sig"  # a byte order mark is no part of the SQL, as for psql
# Whether a change between timestamp and timestamptz rewrites depends on it.
_TIMEZONE = "UTC"


@click.command("effects")
@click.argument("file", type=click.File(encoding=_ENCODING))
@click.option(
    "--setup",
    type=click.File(encoding=_ENCODING),
    help="SQL that makes the tables; it comes first and is not reported.",
)
@click.option(
    "--postgres",
    "major",
    type=click.IntRange(14, 18),
    help="The PostgreSQL major version.  [default: 18]",
)
@click.option("--measure", is_flag=True, help="Run it on a throwaway PostgreSQL and look.")
@click.option(
    "-f", "--format", "format_", default="text", show_default=True,
    type=click.Choice(["text", "json"]),
)  # fmt: skip
def command(
    file: IO[str], setup: IO[str] | None, major: int | None, measure: bool, format_: str
) -> int:
    """Say what the SQL statements in FILE (or - for standard input) do to other sessions.

    All statements run in one transaction, as in a migration, unless the file writes BEGIN and
    COMMIT itself; one that refuses a transaction, like CREATE INDEX CONCURRENTLY, runs between two
    of them. A statement that fails is left out and the next one goes on.

    Locks, scans and rewrites are those on tables that existed before the transaction, as nobody
    else can see the others. With --measure, locks that the transaction holds already are not
    repeated. Without --setup nothing is known about tables that the file does not create itself.
    The time zone is UTC until the SQL sets another one.

    The exit code is 0, or 2 when a statement in FILE is no SQL; what can be said of the others is
    said all the same. A set-up with a statement that fails is refused.
    """
    from migsafe.sql import parse

    if setup is not None and setup.name == file.name == "<stdin>":
        raise click.UsageError("FILE and --setup cannot both be standard input")
    statements = parse(_text(file))
    before = None if setup is None else _Setup(_checked(_text(setup), setup.name), setup.name)
    if measure:
        major, found = _measured(statements, before, major)
    else:
        major = major or 18
        found = list(_predicted(statements, before, major))
    if format_ == "json":
        from migsafe.report.parts import effects_object

        shown = [
            {"sql": parsed.sql, "line": parsed.line, "effects": effects_object(effects)}
            for parsed, effects in found
        ]
        click.echo(json.dumps({"statements": shown, "postgres": major}, indent=2))
    else:
        _show(found, f"PostgreSQL {major}, {'measured' if measure else 'predicted'}")
    return _exit_code(statements, file.name)


def _text(file: IO[str]) -> str:
    from migsafe.errors import SqlError

    try:
        return file.read()
    except UnicodeDecodeError as error:
        raise SqlError("not a text in UTF-8", file=file.name) from error


def _exit_code(statements: Iterable[Parsed], name: str) -> int:
    unread = list(_unread(statements))
    for line, why in unread:
        click.echo(f"{name}: line {line} is no SQL: {why}", err=True)
    return 2 if unread else 0


def _unread(statements: Iterable[Parsed]) -> Iterator[tuple[int, str]]:
    """Line and reason of each statement that the grammar refuses."""
    from migsafe.sql.ast import Unrecognised

    for parsed in statements:
        if isinstance(parsed.statement, Unrecognised) and parsed.statement.node is None:
            yield parsed.line, parsed.statement.why


def _checked(setup: str, name: str) -> str:
    """*setup* as it is; raises SqlError when a statement in it is no SQL."""
    from migsafe.errors import SqlError
    from migsafe.sql import parse

    for line, why in _unread(parse(setup)):
        raise SqlError(f"a statement of the set-up is no SQL: {why}", file=name, line=line)
    return setup


def _predicted(statements: Iterable[Parsed], setup: _Setup | None, major: int) -> Found:
    from migsafe.effects import advance, begin, commit, predict

    session = _set_up(setup, major)
    implicit = not _has_control(statements)
    for parsed in statements:
        statement = parsed.statement
        if implicit:
            alone = predict(statement, commit(session))
            session = commit(session) if _is_refused(alone) else begin(session)
        effects = predict(statement, session)
        session = advance(session, statement, effects, autocommit=session.transaction is None)
        yield parsed, effects


def _set_up(setup: _Setup | None, major: int) -> Session:
    """The state after *setup*; raises SqlError at a statement that is certain to fail."""
    from dataclasses import replace

    from migsafe.catalog import Catalog
    from migsafe.effects import advance, commit, predict
    from migsafe.errors import SqlError
    from migsafe.session import Session
    from migsafe.sql import parse

    # The user of a throwaway server, so that both ways say the same of OWNER TO.
    settings = {"session_authorization": "postgres", "timezone": _TIMEZONE}
    session = Session(Catalog.empty(major), settings=settings)
    if setup is None:
        return replace(session, catalog=session.catalog.with_gap(_NO_SETUP))
    for parsed in parse(setup.sql):
        effects = predict(parsed.statement, session)
        if effects.fails is not None and effects.fails.certain:
            why = f"a statement of the set-up fails: {effects.fails.sqlstate} {effects.fails.why}"
            raise SqlError(why, file=setup.file, line=parsed.line)
        autocommit = session.transaction is None
        session = advance(session, parsed.statement, effects, autocommit=autocommit)
    return commit(session)


def _measured(
    statements: Iterable[Parsed], setup: _Setup | None, major: int | None
) -> tuple[int, list[tuple[Parsed, Effects]]]:
    from pathlib import Path

    from migsafe.cli.progress import progress_bar
    from migsafe.config import load_settings
    from migsafe.measure import Measurer
    from migsafe.server import start

    settings = load_settings(Path.cwd()).server
    with (
        progress_bar() as bar,
        start(
            provider=settings.provider,
            url=settings.url,
            major=major or settings.major,
            progress=bar.say,
        ) as server,
        server.database() as url,
        Measurer(url) as measurer,
    ):
        measurer.execute(f"SET timezone = '{_TIMEZONE}'")
        if setup is not None:
            measurer.execute(setup.sql, file=setup.file)
        return server.major, list(_run(statements, measurer))


def _run(statements: Iterable[Parsed], measurer: Measurer) -> Found:
    implicit = not _has_control(statements)
    for parsed in statements:
        if implicit and not measurer.in_transaction:
            measurer.begin()
        effects = measurer.measure(parsed.sql, recover=True)
        if implicit and _is_refused(effects):
            measurer.commit()
            effects = measurer.measure(parsed.sql)
        yield parsed, effects


def _is_refused(effects: Effects) -> bool:
    from migsafe.effects import TransactionNeed

    return effects.transaction is TransactionNeed.REFUSED


def _has_control(statements: Iterable[Parsed]) -> bool:
    """Whether the file begins or ends transactions itself."""
    from migsafe.sql.ast import TransactionControl

    own = ("SAVEPOINT", "RELEASE", "ROLLBACK TO")
    found = (parsed.statement for parsed in statements)
    return any(isinstance(s, TransactionControl) and s.kind not in own for s in found)


# -- showing it ----------------------------------------------------------------------------------


def _show(found: Iterable[tuple[Parsed, Effects]], heading: str) -> None:
    click.echo(heading)
    for parsed, effects in found:
        words = " ".join(parsed.sql.split())
        click.echo(f"\nline {parsed.line}: {words if len(words) <= 200 else words[:197] + '...'}")
        lines = list(_lines(effects))
        for label, text in lines or [("nothing", "that another session feels")]:
            click.echo(f"  {label + ' ':11}{text}")


def _lines(effects: Effects) -> Iterator[tuple[str, str]]:
    """What there is to say, as label and text."""
    locks = [
        f"{name.display()} {', '.join(m.value for m in sorted(modes, key=lambda m: m.strength))}"
        for name, modes in sorted(effects.locks.items())
        if modes
    ]
    yield from (("locks" if n == 0 else "", lock) for n, lock in enumerate(locks))
    blocks = sorted(effects.blocks().items())
    if blocks:
        yield "blocks", "; ".join(f"{', '.join(k)} on {name.display()}" for name, k in blocks)
    for kind in ("scans", "rewrites", "rebuilds"):
        names = sorted(getattr(effects, kind))
        if names:
            yield kind, ", ".join(name.display() for name in names)
    if effects.builds:
        yield "builds", "an index of " + ", ".join(n.display() for n in sorted(effects.builds))
    if effects.waits_for:
        yield "waits for", "; ".join(effects.waits_for)
    if effects.removes:
        yield "removes", ", ".join(str(removal) for removal in effects.removes)
    if effects.transaction.value != "any":
        yield "needs" if effects.transaction.value == "required" else "refuses", "a transaction"
    if effects.fails:
        verb = "fails" if effects.fails.certain else "may fail"
        yield verb, f"{effects.fails.sqlstate} {effects.fails.why}"
    if effects.unknown:
        yield "unknown", effects.unknown
