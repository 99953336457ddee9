"""What is measured on a server: that nothing is missed, and that predictions say the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import conftest
import pytest
import test_facts
from test_facts import FACTS, load, session_of

from migsafe.capture import capture, find_history
from migsafe.check import check
from migsafe.config import Settings
from migsafe.effects import Effects, TransactionNeed, advance, begin, predict
from migsafe.errors import ServerError
from migsafe.locks import LockMode
from migsafe.measure import Measurer, measure
from migsafe.names import Name
from migsafe.rule import Rule
from migsafe.rules import example_files, load_rules
from migsafe.server import Server
from migsafe.session import Session
from migsafe.sql import parse
from migsafe.sql.ast import Delete, Fetch, Insert, Merge, Select, Update
from migsafe.trace import trace

NEWEST = 18
FIRST = 480
"""How many facts are the core; the variants behind them are tried in CI."""
AX = LockMode.ACCESS_EXCLUSIVE
SUX = LockMode.SHARE_UPDATE_EXCLUSIVE
PLANNED = (Delete, Fetch, Insert, Merge, Select, Update)
USERS = """
CREATE TABLE users (id int PRIMARY KEY, name text, age int);
INSERT INTO users SELECT n, 'user ' || n, n FROM generate_series(1, 500) n;
CREATE INDEX ix_users_name ON users (name);
CREATE TABLE orders (id int PRIMARY KEY, user_id int, amount int);
INSERT INTO orders SELECT n, n, n FROM generate_series(1, 500) n;
"""

# Facts that need what the servers here lack: they were built without it, or have no such folder.
UNAVAILABLE = {
    "type_text_collate_icu": "ICU",
    "type_text_collate_icu__idx": "ICU",
    "type_text_xml_using": "libxml",
    "type_xml_text": "libxml",
    "index_set_tablespace": "the tablespace ts1",
    "type_matrix_020": "libxml",
    "type_matrix_021": "libxml",
    "create_tablespace_err": "a machine without the directory /nonexistent",
    "analyze_slow": "patience, as it is slow on purpose; analyze is the same",
}
# Facts on which prediction and server disagree, with what the server does.
DISAGREEMENTS = {
    "tx_cic_in_procedure": "in a block the COMMIT of the procedure fails first, with 2D000",
}


def named(*names: str) -> frozenset[Name]:
    return frozenset(Name("public", name) for name in names)


def locks(effects: Effects) -> dict[str, set[LockMode]]:
    return {name.display(): set(modes) for name, modes in effects.locks.items()}


def modes(found: frozenset[LockMode]) -> list[str]:
    return sorted(mode.value for mode in found)


# -- what a measurement holds --------------------------------------------------------------------


def test_locks_are_those_the_statement_takes_anew(db: str) -> None:
    """A mode that the transaction holds already is not reported again."""
    with Measurer(db) as measurer:
        measurer.execute(USERS)
        measurer.begin()
        first = measurer.measure("ALTER TABLE users ADD COLUMN city text")
        second = measurer.measure("ALTER TABLE users ADD COLUMN street text")
    assert locks(first) == {"users": {AX}}
    assert second == Effects()


def test_relations_of_the_own_transaction_do_not_count(db: str) -> None:
    """Nobody else can feel what happens to a table that is not committed yet."""
    with Measurer(db) as measurer:
        measurer.begin()
        measurer.execute("CREATE TABLE tags (id int PRIMARY KEY); INSERT INTO tags VALUES (1)")
        effects = measurer.measure("ALTER TABLE tags ALTER COLUMN id TYPE bigint")
        assert effects == Effects()
        assert measurer.commit() is None
        effects = measurer.measure("ALTER TABLE tags ALTER COLUMN id TYPE int")
    assert effects.rewrites == named("tags")


def test_rewrites_rebuilds_and_scans(db: str) -> None:
    """New storage of a table and of its indexes, and rows that are read, are told apart."""
    with Measurer(db) as measurer:
        measurer.execute(USERS)
        rewritten = measurer.measure("ALTER TABLE users ALTER COLUMN age TYPE bigint")
        scanned = measurer.measure("ALTER TABLE users ALTER COLUMN name SET NOT NULL")
        built = measurer.measure("CREATE INDEX ix_users_age ON users (age)")
    assert rewritten.rewrites == rewritten.scans == named("users")
    assert rewritten.rebuilds == named("users_pkey", "ix_users_name")
    assert (scanned.scans, scanned.rewrites, scanned.rebuilds) == (named("users"), set(), set())
    assert (built.builds, built.rebuilds) == (named("users"), frozenset())


def test_an_index_that_keeps_its_file_is_not_rebuilt(db: str) -> None:
    """Widening a varchar makes a new index over the old file."""
    with Measurer(db) as measurer:
        measurer.execute("CREATE TABLE users (name varchar(10)); CREATE INDEX ON users (name)")
        effects = measurer.measure("ALTER TABLE users ALTER COLUMN name TYPE varchar(20)")
    assert AX in locks(effects)["users_name_idx"]
    assert effects.rebuilds == effects.builds == frozenset()
    assert effects.removes == ()


def test_a_foreign_key_reads_both_tables(db: str) -> None:
    """The check of a foreign key may find its rows through an index."""
    with Measurer(db) as measurer:
        measurer.execute(USERS + "SET enable_seqscan = off; CREATE INDEX ON orders (user_id)")
        effects = measurer.measure(
            "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID"
        )
        assert effects.scans == frozenset()
        effects = measurer.measure("ALTER TABLE orders VALIDATE CONSTRAINT orders_user_id_fkey")
    assert effects.scans == named("users", "orders")


def test_what_is_removed(db: str) -> None:
    """Columns take indexes along, tables take the foreign keys of others along."""
    with Measurer(db) as measurer:
        measurer.execute(USERS + "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users")
        column = measurer.measure("ALTER TABLE users DROP COLUMN name")
        table = measurer.measure("DROP TABLE users CASCADE")
    assert {str(removal) for removal in column.removes} == {
        "column users.name",
        "index ix_users_name",
    }
    assert {str(removal) for removal in table.removes} == {
        "table users",
        "constraint orders.orders_user_id_fkey",
    }


def test_a_failure_is_reported_and_ends_the_transaction(db: str) -> None:
    """After an error the transaction is worth nothing, unless it is to recover."""
    with Measurer(db) as measurer:
        measurer.begin()
        failed = measurer.measure("ALTER TABLE nowhere ADD COLUMN x int", recover=True)
        assert failed.fails is not None
        assert failed.fails.sqlstate == "42P01"
        assert measurer.measure("CREATE TABLE tags (id int)", recover=True).fails is None
        measurer.measure("SELECT 1 / 0")
        after = measurer.measure("SELECT 1").fails
        assert after is not None
        assert after.sqlstate == "25P02"
        ended = measurer.commit()
        assert ended is not None


def test_a_deferred_constraint_fails_at_commit(db: str) -> None:
    """A statement outside of a transaction has failed when its commit has."""
    setup = USERS + (
        "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users"
        " DEFERRABLE INITIALLY DEFERRED"
    )
    effects = measure(db, "INSERT INTO orders VALUES (1000, 1000)", setup=setup)
    assert effects.fails is not None
    assert effects.fails.sqlstate == "23503"


def test_settings_stay_and_are_not_disturbed(db: str) -> None:
    """SET TRANSACTION has to be first, and a time zone decides about a rewrite."""
    with Measurer(db) as measurer:
        measurer.execute("CREATE TABLE users (seen timestamp); INSERT INTO users VALUES (now())")
        measurer.measure("SET timezone = 'Europe/Paris'")
        measurer.begin()
        isolation = measurer.measure("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        assert isolation.fails is None
        effects = measurer.measure("ALTER TABLE users ALTER COLUMN seen TYPE timestamptz")
    assert effects.rewrites == named("users")


def test_a_set_up_that_fails_is_said(db: str) -> None:
    """The line of the statement is part of the message."""
    with pytest.raises(ServerError, match="line 2 of the set-up fails"):
        measure(db, "SELECT 1", setup="SELECT 1;\nSELECT nothing")


# -- statements that commit by themselves --------------------------------------------------------


@pytest.mark.parametrize(
    "copy",
    ["COPY users TO STDOUT", "COPY (SELECT id FROM users) TO STDOUT", "COPY users FROM STDIN"],
)
def test_copy_through_the_client(db: str, copy: str) -> None:
    """Rows that it sends are dropped, it gets none, and the session goes on."""
    with Measurer(db) as measurer:
        measurer.execute(f"CREATE TABLE users (id int); INSERT INTO users VALUES (1); {copy}")
        mode = LockMode.ROW_EXCLUSIVE if "FROM STDIN" in copy else LockMode.ACCESS_SHARE
        assert measurer.measure(copy).locks == {Name("public", "users"): frozenset({mode})}
        failed = measurer.measure(copy.replace("users", "nowhere")).fails
        assert failed is not None
        assert failed.sqlstate == "42P01"
        assert measurer.measure("DROP TABLE users").removes


def test_a_nul_character_cuts_nothing_off(db: str) -> None:
    """What stands before it is not executed either."""
    with Measurer(db) as measurer:
        failed = measurer.measure("CREATE TABLE users (id int)\0; DROP TABLE orders").fails
        assert failed is not None
        assert failed.sqlstate == "22021"
        assert measurer.measure("CREATE TABLE users (id int)").fails is None
        with pytest.raises(ServerError, match="NUL"):
            measurer.execute("DROP TABLE users\0")


def test_a_concurrent_build_is_seen_at_its_waits(any_db: str) -> None:
    """Its lock and what it waits for are seen, however short the statement is."""
    effects = measure(any_db, "CREATE INDEX CONCURRENTLY ix ON users (age)", setup=USERS)
    assert locks(effects) == {"users": {SUX}}
    assert effects.transaction is TransactionNeed.REFUSED
    assert effects.builds == effects.scans == named("users")
    assert effects.waits_for == (
        "transactions that have written users",
        "older snapshots in the same database",
    )


def test_a_concurrent_drop_ends_under_an_exclusive_lock(any_db: str) -> None:
    """DROP INDEX CONCURRENTLY locks the index, which nobody uses any more, in its last phase."""
    effects = measure(any_db, "DROP INDEX CONCURRENTLY ix_users_name", setup=USERS)
    assert locks(effects) == {"users": {SUX}, "ix_users_name": {SUX, AX}}
    assert effects.waits_for == ("transactions that use users",)
    assert [str(removal) for removal in effects.removes] == ["index ix_users_name"]


def test_a_concurrent_rebuild(any_db: str) -> None:
    """REINDEX CONCURRENTLY never locks the old index against readers."""
    effects = measure(any_db, "REINDEX TABLE CONCURRENTLY users", setup=USERS)
    assert locks(effects) == {"users": {SUX}, "users_pkey": {SUX}, "ix_users_name": {SUX}}
    assert effects.rebuilds == named("users_pkey", "ix_users_name")
    assert effects.waits_for == (
        "transactions that have written users",
        "older snapshots in the same database",
        "transactions that use users",
    )


def test_a_partition_is_detached_concurrently(any_db: str) -> None:
    """The partition is locked against readers only after the users of its parent are gone."""
    setup = """
    CREATE TABLE events (id int, day int) PARTITION BY RANGE (day);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
    """
    effects = measure(
        any_db, "ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY", setup=setup
    )
    assert locks(effects) == {"events": {SUX}, "events_1": {SUX, AX}}
    assert effects.waits_for == ("transactions that use events",)
    assert [str(removal) for removal in effects.removes] == ["partition events.events_1"]


def test_vacuum(any_db: str) -> None:
    """VACUUM lets everybody through, VACUUM FULL nobody."""
    with Measurer(any_db) as measurer:
        measurer.execute(USERS)
        plain = measurer.measure("VACUUM users")
        full = measurer.measure("VACUUM FULL users")
    row = LockMode.ROW_EXCLUSIVE
    assert locks(plain) == {"users": {SUX}, "users_pkey": {row}, "ix_users_name": {row}}
    assert (plain.scans, plain.rewrites) == (named("users"), frozenset())
    assert AX in locks(full)["users"]
    assert full.rewrites == full.scans == named("users")


def test_a_statement_that_fails_between_its_phases(db: str) -> None:
    """Duplicates end a unique build after it was felt; its invalid index is left."""
    effects = measure(db, "CREATE UNIQUE INDEX CONCURRENTLY ix ON users ((age % 2))", setup=USERS)
    assert effects.fails is not None
    assert effects.fails.sqlstate == "23505"
    assert locks(effects) == {"users": {SUX}}


def test_short_timeouts_do_not_hit_our_own_sessions(db: str) -> None:
    """A lock_timeout is for production; it is back when the statement has ended."""
    with Measurer(db) as measurer:
        measurer.execute(USERS + "SET lock_timeout = '1ms'; SET statement_timeout = '1h'")
        effects = measurer.measure("CREATE INDEX CONCURRENTLY ix ON users (age)")
        assert effects.fails is None
        assert measurer.measure("SELECT 1 / (current_setting('lock_timeout') = '1ms')::int") == (
            Effects()
        )


def test_the_system_catalogs_are_rebuilt_unwatched(db: str) -> None:
    """REINDEX SYSTEM locks what a watching session has to read, and would wait for it forever."""
    effects = measure(db, "REINDEX SYSTEM")
    assert effects == Effects(transaction=TransactionNeed.REFUSED)


def test_removals_are_of_older_objects_alone(db: str) -> None:
    """What the transaction has made itself is nobody's loss."""
    with Measurer(db) as measurer:
        measurer.execute(USERS + "ALTER TABLE orders ALTER amount SET DEFAULT 3")
        measurer.begin()
        measurer.execute("CREATE STATISTICS st ON id, age FROM users; CREATE SCHEMA own")
        made = measurer.measure("DROP STATISTICS st").removes
        made += measurer.measure("DROP SCHEMA own").removes
        default = measurer.measure("ALTER TABLE orders ALTER amount DROP DEFAULT").removes
        rows = measurer.measure("TRUNCATE orders").removes
    assert made == ()
    assert [str(removal) for removal in default] == ["default orders.amount"]
    assert [str(removal) for removal in rows] == ["rows orders"]


def test_nothing_of_the_watch_is_left(db: str) -> None:
    """Event trigger, function and sessions are gone after the statement."""
    import psycopg

    with Measurer(db) as measurer:
        measurer.execute(USERS)
        measurer.measure("CREATE INDEX CONCURRENTLY ix ON users (age)")
    with psycopg.connect(db, autocommit=True) as connection:
        left = connection.execute(
            "SELECT (SELECT count(*) FROM pg_event_trigger), (SELECT count(*) FROM pg_class"
            " WHERE relname LIKE 'migsafe%'), (SELECT count(*) FROM pg_index WHERE NOT indisvalid)"
        ).fetchone()
    assert left == (0, 0, 0)


# -- predictions ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def facts_of(server_of: Callable[[int], Server]) -> Iterator[Callable[[int], tuple[Server, str]]]:
    """Return a server of a major version, and its database with the base of all facts."""
    prepared: dict[int, tuple[Server, str]] = {}
    with ExitStack() as stack:

        def of(major: int) -> tuple[Server, str]:
            if major not in prepared:
                server = server_of(major)
                template = server.create_database()
                stack.callback(server.drop_database, template)
                with Measurer(server.url(template)) as measurer:
                    measurer.execute((FACTS / "base.sql").read_text())
                    measurer.measure("CREATE ROLE bob")
                prepared[major] = (server, template)
            return prepared[major]

        yield of


def facts() -> Iterator[Any]:
    """All facts on the newest version; on the others those that differ between versions."""
    for number, fact in enumerate(load()):
        if number > FIRST and not os.environ.get("CI"):
            break
        changes = len({essence(observed) for observed in fact["observed"]}) > 1
        for observed in fact["observed"]:
            if observed["in_transaction"] is None or fact["id"] in UNAVAILABLE:
                continue
            for major in set(observed["versions"]) & set(conftest.majors()):
                if major == NEWEST or changes:
                    yield pytest.param(fact, observed, major, id=f"{fact['id']}-{major}")


def essence(observed: dict[str, Any]) -> str:
    """What may differ between versions; what non-transactional statements do was sampled."""
    parts: list[Any] = [observed.get("error", "")[:5], observed["ok"], observed["in_transaction"]]
    for kind in ("locks", "scans", "rewrites", "index_rebuilt"):
        seen = observed.get(kind, {})
        kept = {name: seen[name] if kind == "locks" else () for name in seen if "toast" not in name}
        parts.append(sorted(kept) if not observed["in_transaction"] else sorted(kept.items()))
    return str(parts)


@pytest.mark.parametrize(("fact", "observed", "version"), list(facts()))
def test_prediction_is_what_is_measured(
    fact: dict[str, Any],
    observed: dict[str, Any],
    version: int,
    facts_of: Callable[[int], tuple[Server, str]],
) -> None:
    """Statement by statement, in the same state: locks, scans, rewrites, rebuilds and failures."""
    server, template = facts_of(version)
    with server.database(template=template) as url, Measurer(url) as measurer:
        for text in (*fact["setup"], *fact["session"]):
            measurer.execute(text)
        if observed["in_transaction"]:
            measurer.begin()
        session = session_of(fact, version)
        found = list(disagreements(fact["sql"], session, measurer))
    if fact["id"] in test_facts.DISAGREEMENTS:
        return
    if fact["id"] in DISAGREEMENTS:
        assert found or version != NEWEST, "there is no disagreement any more"
    else:
        assert not found


def disagreements(texts: list[str], session: Session, measurer: Measurer) -> Iterator[str]:
    """What each statement of *texts* does otherwise than predicted."""
    if measurer.in_transaction:
        session = begin(session)
    for parsed in (parsed for text in texts for parsed in parse(text)):
        held = session.transaction.locks if session.transaction else {}
        predicted = predict(parsed.statement, session)
        measured = measurer.measure(parsed.sql)
        autocommit = session.transaction is None
        session = advance(session, parsed.statement, predicted, autocommit=autocommit)
        if measured.fails is not None:
            if predicted.fails is None or predicted.fails.sqlstate != measured.fails.sqlstate:
                yield f"fails with {measured.fails}, not {predicted.fails}"
            return
        if predicted.fails is not None and predicted.fails.certain:
            yield f"succeeds, but: {predicted.fails}"
        if measured.transaction is not predicted.transaction:
            yield f"transaction {measured.transaction}, not {predicted.transaction}"
        for name in sorted({*measured.locks, *predicted.locks}):
            seen = measured.locks.get(name, frozenset())
            said = predicted.locks.get(name, frozenset()) - held.get(name, frozenset())
            if name not in session.catalog.tables and name not in session.catalog.views:
                # Which indexes and sequences a look-up opens differs between minor versions.
                seen, said = (found - {LockMode.ACCESS_SHARE} for found in (seen, said))
            if measured.transaction is TransactionNeed.REFUSED:
                # A lock behind the last wait of a transaction inside of it cannot be seen.
                said &= seen
            if seen != said:
                yield f"locks {name.display()}: {modes(seen)}, not {modes(said)}"
        for kind in ("scans", "rewrites", "rebuilds", "builds"):
            seen_names, said_names = getattr(measured, kind), getattr(predicted, kind)
            if kind == "scans" and isinstance(parsed.statement, PLANNED):
                # How many rows are read for it is the planner's choice, or the caller's.
                said_names = seen_names
            if seen_names != said_names:
                yield f"{kind}: {sorted(seen_names)}, not {sorted(said_names)}"


# -- rules ---------------------------------------------------------------------------------------


def examples() -> list[Any]:
    """All examples of all rules that are executed, with what their rule has to say."""
    return [
        pytest.param(
            rule, example, is_bad, id=f"{rule.code}-{'bad' if is_bad else 'good'}-{number}"
        )
        for rule in load_rules()
        for is_bad in (True, False)
        for number, example in enumerate(rule.bad if is_bad else rule.good)
        if "# --- env.py" not in example
    ]


# psycopg begins a transaction again behind a COMMIT that it was not asked for.
# What a literal in a query is compared with is not predicted: the rule goes by the label.
UNEQUAL = ("MS605-bad-0", "MS402-bad-2")


@pytest.mark.parametrize(("rule", "example", "is_bad"), examples())
def test_rules_judge_what_is_measured_alike(
    rule: Rule,
    example: str,
    is_bad: bool,
    server: Server,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """Run by Alembic and measured, an example gives the same effects and the same verdict."""
    for name, text in example_files(rule, example).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    location = find_history([tmp_path])
    history = capture(location, major=server.major)
    traced = trace(location, history, server, only=lambda migration: migration.revision != "start")
    report = check(
        history,
        load_rules(),
        Settings(target_version=server.major),
        effects_of=traced.effects_of,
        only=lambda migration: migration.revision != "start",
        released={
            (tmp_path / "versions" / path.name).resolve(): path.read_text()
            for path in (tmp_path / "released").glob("*.py")
        },
    )
    assert any(finding.rule == rule.code for finding in report.findings) is is_bad
    if request.node.callspec.id not in UNEQUAL:
        assert traced.differences == []
