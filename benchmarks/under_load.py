"""How long others wait while a migration runs: as written, and as `migsafe fix` leaves it.

    python benchmarks/under_load.py [--major 18 …] [--rows 1000000] [--rule MS101 …] [--write]

starts a throwaway PostgreSQL of each major version, fills the tables of the rules' examples, and
runs each bad example of the rules with a safe form twice, while other sessions read and write all
its tables with a lock_timeout. It prints the longest wait of both runs; ``--write`` puts the cells
into the table of docs/fix.md. It takes some minutes.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import alembic.command
import psycopg
import sqlalchemy.exc
from alembic.config import Config
from alembic.script import ScriptDirectory

from migsafe.capture import find_history
from migsafe.config import Settings
from migsafe.fix import fix
from migsafe.fix.emitted import SAFE, UNSAFE
from migsafe.fix.files import write
from migsafe.rule import Rule
from migsafe.rules import example_files, load_rules
from migsafe.server import Server, majors_available, sqlalchemy_url, start
from migsafe.server.urls import database_of

PAGE = Path(__file__).resolve().parent.parent / "docs" / "fix.md"
LOCK_TIMEOUT = 0.25  # seconds
REPORT = 1.0  # seconds
BATCH = 1_000  # rows
MARKS = ("<!-- under load -->", "<!-- end -->")
FILLING = """
INSERT INTO users (email, name, age)
    SELECT 'v' || n || '@example.com', 'member ' || n, n % 90 FROM generate_series(1, {rows}) n;
INSERT INTO orders (user_id, note) SELECT n, 'order ' || n FROM generate_series(1, {rows}) n;
"""
VISITS = "INSERT INTO visits (id) SELECT n FROM generate_series(101, {rows}) n;"
LOAD = {
    "users": (
        "SELECT email FROM users WHERE id = 1",
        "UPDATE users SET age = age WHERE id = 2",
        "INSERT INTO users (email, name, age) VALUES (gen_random_uuid(), gen_random_uuid(), 1)",
    ),
    "orders": (
        "SELECT note FROM orders WHERE id = 1",
        "UPDATE orders SET note = note WHERE id = 2",
        "INSERT INTO orders (user_id, note) VALUES (1, 'new')",
    ),
    "visits": (
        "SELECT id FROM visits LIMIT 1",
        "INSERT INTO visits (id) VALUES (1e9 + random() * 1e15)",
    ),
}
# A report that runs for a while: an index can be dropped when it is through, and whoever comes
# after a lock that waits for it waits as well.
BEHIND_A_REPORT = frozenset(("MS102",))
ENV = """
from alembic import context
from sqlalchemy import create_engine, pool

target_metadata = None
engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=target_metadata, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()
"""


@dataclass
class Load:
    """What the other session does, and what it goes through; times are in seconds."""

    statements: list[str]
    longest: float = 0.0
    timeouts: int = 0
    failed: str = ""
    round: threading.Event = field(default_factory=threading.Event)


@contextmanager
def running(url: str, load: Load) -> Iterator[None]:
    """Send the statements of *load* again and again while the block runs."""
    done = threading.Event()

    def work() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT * 1000:.0f}ms'")
            while not done.is_set():
                for statement in tuple(load.statements):
                    _insist(connection, statement, load)
                load.round.set()

    with _threads(work):
        try:
            yield
        finally:
            done.set()


def _insist(connection: psycopg.Connection, statement: str, load: Load) -> None:
    """Send *statement* until it gets its lock; all that time counts as one wait."""
    begin = time.perf_counter()
    while True:
        try:
            connection.execute(statement)
        except psycopg.errors.LockNotAvailable:
            load.timeouts += 1
        else:
            break
    load.longest = max(load.longest, time.perf_counter() - begin)


@contextmanager
def report(url: str) -> Iterator[None]:
    """Read orders for a while in a transaction that has begun when the block begins."""
    begun = threading.Event()

    def work() -> None:
        with psycopg.connect(url) as connection:
            connection.execute("SELECT FROM orders LIMIT 1")
            begun.set()
            connection.execute("SELECT pg_sleep(%s)", [REPORT])

    with _threads(work):
        begun.wait()
        yield


@contextmanager
def _threads(work: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@dataclass(frozen=True)
class Example:
    """A bad example of a rule."""

    rule: Rule
    text: str

    @property
    def label(self) -> str:
        """The rule and the example in one short line."""
        said = " ".join(self.text.split()).replace("( ", "(").replace(", )", ")")
        said = said if len(said) <= 80 else f"{said[:79]}…"
        return f"{self.rule.code} | `{said}`"


def examples(rules: Sequence[str]) -> list[Example]:
    """The bad examples of the *rules* with a safe form, of all if none are named."""
    return [
        Example(rule, text)
        for rule in load_rules()
        if rule.code in SAFE | UNSAFE and (not rules or rule.code in rules)
        for text in rule.bad
    ]


def project(folder: Path, example: Example, *, major: int, fixed: bool) -> Path | None:
    """The migrations of *example* in *folder*; None when it was to be *fixed* and has no form."""
    for name, text in example_files(example.rule, example.text).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "env.py").write_text(ENV)
    if fixed:
        outcome = fix(
            find_history([folder]), load_rules(), Settings(target_version=major),
            only=lambda migration: bool(migration.down_revisions), unsafe=True,
        )  # fmt: skip
        if example.rule.code not in {finding.rule for finding in outcome.fixed}:
            return None
        write(outcome.changes)
    return folder


def _config(folder: Path, url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes["url"] = sqlalchemy_url(url)
    return config


class Filled:
    """Databases in which the tables of the examples hold *rows* rows."""

    def __init__(self, server: Server, rows: int, stack: ExitStack):
        self._server = server
        self._rows = rows
        self._stack = stack
        self._templates: dict[str, str] = {}

    @contextmanager
    def database(self, folder: Path, rule: Rule) -> Iterator[str]:
        """The URL of a new database, behind the first revision of the migrations in *folder*."""
        if rule.setup not in self._templates:
            self._templates[rule.setup] = self._made(folder)
        with self._server.database(template=self._templates[rule.setup]) as url:
            yield url

    def _made(self, folder: Path) -> str:
        url = self._stack.enter_context(self._server.database())
        alembic.command.upgrade(_config(folder, url), "start")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(FILLING.format(rows=self._rows))
            if "visits" in _tables(connection):
                connection.execute(VISITS.format(rows=self._rows))
            connection.execute("VACUUM ANALYZE")
        return str(database_of(url))


def _tables(connection: psycopg.Connection) -> list[str]:
    found = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    return [name for (name,) in found.fetchall()]


def measured(folder: Path, url: str, example: Example) -> Load:
    """Upgrade the database at *url*, from the revision ``start`` on, under load."""
    with psycopg.connect(url, autocommit=True) as connection:
        names = _tables(connection)
    load = Load([text for name, texts in LOAD.items() if name in names for text in texts])
    config = _config(folder, url)
    _, *revisions = [r.revision for r in ScriptDirectory(str(folder)).walk_revisions()][::-1]
    behind = report(url) if example.rule.code in BEHIND_A_REPORT else nullcontext()
    with running(url, load), behind:
        try:
            for number, revision in enumerate(revisions):
                if number and example.rule.code == "MS401":
                    deploy(example, url, load)
                alembic.command.upgrade(config, revision)
        except sqlalchemy.exc.DBAPIError as error:
            load.failed = str(error.orig).partition("\n")[0]
    return load


def deploy(example: Example, url: str, load: Load) -> None:
    """Let new code write the column that *example* adds, and give old rows a value."""
    match = re.search(r'Column\("(\w+)"', example.text)
    assert match
    load.statements += [f"INSERT INTO users (name, {match[1]}) VALUES (gen_random_uuid(), '1')"]
    load.statements.remove(LOAD["users"][-1])
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(2):  # The round that is under way may still be of the old code.
            load.round.clear()
            assert load.round.wait(60)
        (last,) = connection.execute("SELECT max(id) FROM users").fetchone() or (0,)
        for first in range(0, last + 1, BATCH):
            connection.execute(
                f"UPDATE users SET {match[1]} = '1' WHERE {match[1]} IS NULL "
                f"AND id BETWEEN {first} AND {first + BATCH - 1}"
            )


# -- the table -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """What the other session went through in both runs; *fixed* is None for no safe form."""

    as_written: Load
    fixed: Load | None

    @property
    def cell(self) -> str:
        """Both longest waits in milliseconds, or why the migration as it was did not get there."""
        if self.fixed is None:
            return "no safe form"
        before = "fails" if self.as_written.failed else f"{self.as_written.longest * 1000:.0f}"
        after = f"**{self.fixed.longest * 1000:.0f}**"
        if self.fixed.failed:
            after = f"fails: {self.fixed.failed}"
        elif self.fixed.timeouts:
            after += f" ({self.fixed.timeouts} gave up)"
        return f"{before} → {after}"


def of_major(major: int, rows: int, wanted: Sequence[Example]) -> Iterator[Pair]:
    """Measure the examples on a server of *major*."""
    provider = "embedded" if major == 18 else "binaries"
    with ExitStack() as stack:
        server = stack.enter_context(start(provider=provider, major=major))
        filled = Filled(server, rows, stack)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for number, example in enumerate(wanted):
            sides: list[Load | None] = []
            for side in ("as-written", "fixed"):
                made = project(
                    folder / str(number) / side, example, major=major, fixed=side == "fixed"
                )
                if made is None:
                    sides.append(None)
                    continue
                with filled.database(made, example.rule) as url:
                    sides.append(measured(made, url, example))
            assert sides[0]
            pair = Pair(sides[0], sides[1])
            print(f"PostgreSQL {major} | {example.label} | {pair.cell}", flush=True)
            yield pair


Cells = dict[str, dict[int, str]]
"""What is in the table: by the label of an example and the major version."""


def cells(wanted: Sequence[Example], found: dict[int, list[Pair]]) -> Cells:
    """The cells of *found*, which has a list for each major version."""
    return {
        example.label: {major: pairs[number].cell for major, pairs in found.items()}
        for number, example in enumerate(wanted)
        if all(pairs[number].fixed for pairs in found.values())
    }


def read(text: str) -> Cells:
    """The cells of a table that was written before."""
    if not text.strip():
        return {}
    head, _, *lines = [line.strip("| ").split(" | ") for line in text.strip().splitlines()]
    majors = [int(major) for major in head[2:]]
    return {" | ".join(line[:2]): dict(zip(majors, line[2:], strict=True)) for line in lines}


def table(found: Cells) -> Iterator[str]:
    """The lines of the table with the cells *found*."""
    majors = sorted({major for row in found.values() for major in row})
    yield f"| rule | example | {' | '.join(map(str, majors))} |"
    yield "|---" * (2 + len(majors)) + "|"
    for label in sorted(found, key=lambda label: label.partition(" ")[0]):
        yield f"| {label} | {' | '.join(found[label].get(major, '') for major in majors)} |"


def main() -> None:
    """Print the table, or write its cells into the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--major", type=int, nargs="+", default=majors_available())
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rule", nargs="+", default=())
    parser.add_argument("--write", action="store_true", help="put it into docs/fix.md")
    options = parser.parse_args()
    wanted = examples(options.rule)
    found = {major: list(of_major(major, options.rows, wanted)) for major in sorted(options.major)}
    new = cells(wanted, found)
    if not options.write:
        print("\n".join(table(new)))
        return
    before, _, rest = PAGE.read_text().partition(MARKS[0])
    there, _, after = rest.partition(MARKS[1])
    merged = read(there)
    for label, row in new.items():
        merged[label] = merged.get(label, {}) | row
    text = "\n".join(table(merged))
    PAGE.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}")


if __name__ == "__main__":
    main()
