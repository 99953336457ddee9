"""The throwaway server: it starts anywhere, keeps to its own, and nothing of it remains."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.ext.asyncio import create_async_engine

from migsafe.errors import ServerError
from migsafe.server import (
    Server,
    binaries,
    containers,
    given,
    launch,
    majors_available,
    sqlalchemy_url,
    start,
    urls,
)
from migsafe.server.databases import MARK, connect

# Starts a server, says where, and stays until its standard input ends.
HOLD = """
import json, sys
from migsafe.server import start
with start(provider="embedded") as server:
    print(json.dumps(server.url()), flush=True)
    sys.stdin.read()
"""

OUR_PATH = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def scalar(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]


def home_of(url: str) -> Path:
    """The directory of the server at *url*, which is the parent of that of its socket."""
    return Path(psycopg.conninfo.conninfo_to_dict(url)["host"]).parent


def processes_of(home: Path) -> list[int]:
    """The living processes that have *home* in their command line or hold a file in it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            files = [os.readlink(file) for file in (entry / "fd").iterdir()]
        except OSError:
            continue
        alive = b"Z" not in (entry / "stat").read_bytes().rpartition(b")")[2][:3]
        inside = os.fsencode(home) in command or any(str(home) in file for file in files)
        if alive and inside and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether *condition* comes true: nobody sends an event when another's process is gone."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.02)
    return True


def environment(**changes: str) -> dict[str, str]:
    unset = {"MIGSAFE_SERVER_URL", "MIGSAFE_PG_BINARIES"}
    return {key: value for key, value in os.environ.items() if key not in unset} | changes


def held(
    python: str = sys.executable, *, script: str = HOLD, **options: object
) -> tuple[subprocess.Popen[str], str]:
    """Run *script* in a Python of its own; returns it with the URL of its server."""
    options.setdefault("env", environment())
    process = subprocess.Popen(
        [python, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )
    return process, json.loads(process.stdout.readline())


def let_go(process: subprocess.Popen[str]) -> int:
    process.stdin.close()
    process.stdout.close()
    return process.wait(timeout=30)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of clusters; returns where its files are going to be."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "migsafe" / "clusters"


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory for temporary files with an awkward name, on a machine without /dev/shm."""
    directory = Path(tempfile.mkdtemp(prefix="migsafe tests, größe ünd 'ключ' "))
    directory.chmod(0o755)
    monkeypatch.setattr(launch, "_MEMORY", directory / "no such directory")
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    yield directory
    shutil.rmtree(directory)


# Starting and stopping


def test_the_server_of_every_major_version_is_that_version(any_major: Server, major: int):
    """A server that is asked for by its major version runs that version."""
    with any_major.database() as url, psycopg.connect(url) as connection:
        assert connection.info.server_version // 10000 == major == any_major.major


def test_a_stopped_server_leaves_nothing():
    """Neither a process nor a directory remains of a server that was stopped."""
    with start(provider="embedded") as server:
        home = home_of(server.url())
        assert home.is_dir()
        assert processes_of(home)
    assert not home.exists()
    assert processes_of(home) == []


def test_two_servers_run_at_once(server: Server):
    """Servers do not meet: a database of one is not on the other."""
    with start(provider="embedded") as other, other.database() as url:
        assert home_of(other.url()) != home_of(server.url())
        name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
        query = f"SELECT count(*) FROM pg_database WHERE datname = '{name}'"
        assert scalar(other.url(), query) == 1
        assert scalar(server.url(), query) == 0


def test_settings_keep_measurements_exact(any_major: Server):
    """No JIT, no autovacuum, a fixed time zone, and enough WAL for publications."""
    for setting, value in {
        "jit": "off",
        "autovacuum": "off",
        "fsync": "off",
        "TimeZone": "UTC",
        "wal_level": "replica",
        "listen_addresses": "",
    }.items():
        assert scalar(any_major.url(), f"SHOW {setting}") == value


def test_an_error_inside_the_context_stops_the_server_too():
    """The user's own exception comes through, and the server is gone."""
    homes = []

    def fail_inside() -> None:
        with start(provider="embedded") as server:
            homes.append(home_of(server.url()))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert not homes[0].exists()


def test_a_server_outlives_the_thread_that_started_it():
    """The parent-death signal of Linux is about threads, and must not end the server early."""
    context = start(provider="embedded")
    with ThreadPoolExecutor(1) as pool:
        server = pool.submit(context.__enter__).result()
    try:
        assert scalar(server.url(), "SELECT 1") == 1
    finally:
        context.__exit__(None, None, None)


def test_a_forked_child_does_not_end_the_server_of_its_parent():
    """A child that leaves the context it inherited takes nothing away."""
    leave = (
        "    import os\n    pid = os.fork()\n    if pid == 0: sys.exit()\n    os.waitpid(pid, 0)"
    )
    process, url = held(script=HOLD.replace("    print(", leave + "\n    print("))
    try:
        assert scalar(url, "SELECT 1") == 1
        assert home_of(url).is_dir()
    finally:
        assert let_go(process) == 0


# Not leaving anything behind


def test_nothing_is_left_when_the_caller_is_killed():
    """kill -9 gives the caller no chance to clean up; the server goes away all the same."""
    process, url = held()
    home = home_of(url)
    assert processes_of(home)
    process.kill()
    let_go(process)
    assert eventually(lambda: not home.exists()), "the directory remains"
    assert eventually(lambda: not processes_of(home)), "processes remain"


def test_nothing_is_left_when_a_child_of_the_killed_caller_lives_on():
    """A child that was forked holds the caller's pipes open, which must not keep the server."""
    script = HOLD.replace(
        "    sys.stdin.read()",
        "    import os, select\n"
        "    if os.fork() == 0: select.select([0], [], []); os._exit(0)\n"
        "    os.kill(os.getpid(), 9)",
    )
    process, url = held(script=script)
    home = home_of(url)
    try:
        assert eventually(lambda: not home.exists())
    finally:
        let_go(process)


def test_nothing_is_left_when_the_supervisor_is_killed():
    """The kernel then ends the server, and the caller removes the directory."""
    with start(provider="embedded") as server:
        home = home_of(server.url())
        postmaster = int((home / "data" / "postmaster.pid").read_text().split()[0])
        parent = Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()[1]
        os.kill(int(parent), signal.SIGKILL)
        assert eventually(lambda: not processes_of(home))
    assert not home.exists()


def test_ctrl_c_ends_the_caller_and_not_the_server_before_it():
    """SIGINT goes to the whole group of the terminal, of which the server is no part."""
    process, url = held(start_new_session=True, stderr=subprocess.DEVNULL)
    home = home_of(url)
    groups = {os.getpgid(pid) for pid in processes_of(home)} - {process.pid}
    assert groups
    assert process.pid not in {os.getpgid(p) for p in processes_of(home) if p != process.pid}
    os.killpg(process.pid, signal.SIGINT)
    let_go(process)
    assert eventually(lambda: not home.exists() and not processes_of(home))


def test_directories_that_a_power_cut_left_are_removed():
    """A start removes what has our name, our owner, some age, and nobody who holds its lock."""
    base = launch._base(launch.server_account())
    old = time.time() - 3600
    dead, living, young = (Path(tempfile.mkdtemp(prefix=urls.PREFIX, dir=base)) for _ in "123")
    try:
        for home in (dead, living, young):
            (home / "lock").touch()
        with launch._lock(living):
            os.utime(dead, (old, old))
            os.utime(living, (old, old))
            with start(provider="embedded"):
                assert not dead.exists()
                assert living.exists()
                assert young.exists()
    finally:
        for home in (dead, living, young):
            shutil.rmtree(home, ignore_errors=True)


# Where and as whom it runs


def python_of_nobody() -> str | None:
    """A Python that nobody can run with our packages: this one may lie in root's home."""
    if os.geteuid() != 0:
        return None
    account = launch.server_account()
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, shutil.which(version, path="/usr/local/bin:/usr/bin")):
        command = [str(python), "-c", "import migsafe.server, psycopg"]
        with contextlib.suppress(OSError):
            done = subprocess.run(
                command, capture_output=True, cwd="/", env=OUR_PATH, **account.popen()
            )
            if done.returncode == 0:
                return python
    return None


PYTHON_OF_NOBODY = python_of_nobody()


@pytest.mark.parametrize(
    ("account", "python"),
    [(pwd.getpwuid(os.geteuid()).pw_name, sys.executable)]
    + ([("nobody", PYTHON_OF_NOBODY)] if PYTHON_OF_NOBODY else []),
)
def test_it_runs_for_root_and_for_a_user_without_a_home(account: str, python: str):
    """The server runs as the user, or as nobody when that is root, who may not run it."""
    entry = pwd.getpwnam(account)
    other: dict[str, object] = {}
    if entry.pw_uid != os.geteuid():
        other = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], "cwd": "/"}
    home = environment(**OUR_PATH, HOME="/nonexistent", XDG_CACHE_HOME="")
    process, url = held(python, env=home, **other)
    directory = home_of(url)
    owner = (directory / "data").stat().st_uid
    assert let_go(process) == 0
    assert owner == (entry.pw_uid or pwd.getpwnam("nobody").pw_uid)
    assert not directory.exists()


def test_nobody_else_can_enter_its_directory(server: Server):
    """The server trusts whoever reaches its socket, so the way there is closed to others."""
    home = home_of(server.url())
    assert home.stat().st_mode & 0o007 == 0
    assert home.stat().st_uid == os.geteuid()


def test_directories_with_spaces_and_letters_of_other_alphabets(on_disk: Path):
    """The data lies where the user keeps temporary files; nothing but the socket moves away."""
    with start(provider="embedded") as server:
        data = str(scalar(server.url(), "SHOW data_directory"))
        assert data.startswith(str(on_disk))
        with server.database() as url:
            assert scalar(url, "SELECT 1") == 1
            engine = sa.create_engine(sqlalchemy_url(url))
            with engine.connect() as connection:
                assert connection.scalar(sa.text("SELECT 1")) == 1
            engine.dispose()
        socket = home_of(server.url())
    assert list(on_disk.glob(urls.PREFIX + "*")) == []
    assert not socket.exists()


def test_a_directory_too_long_for_a_socket(on_disk: Path, monkeypatch: pytest.MonkeyPatch):
    """A socket's path has 107 bytes; a longer one is replaced, not refused."""
    deep = on_disk / ("d" * 120)
    deep.mkdir(mode=0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with start(provider="embedded") as server:
        assert scalar(server.url(), "SELECT 1") == 1
    assert list(deep.iterdir()) == []


def test_programs_in_a_private_directory_are_copied_for_nobody(on_disk: Path):
    """Root's virtual environment may be closed to others, and its modes stay as they are."""
    programs = binaries.read(binaries.embedded())
    private = on_disk / "private"
    package = programs.directory.parents[1]
    for part in ("bin", "lib", "share"):
        source = programs.directory.parent / part
        shutil.copytree(source, private / package.name / "pginstall" / part, symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    shutil.copytree(libraries, private / libraries.name)
    private.chmod(0o700)
    moved = binaries.read(private / package.name / "pginstall" / "bin")
    longer = 8 * 24 * 3600
    unused, recent = (on_disk / f"migsafe-programs-{word}" for word in ("unused", "recent"))
    for copy in (unused, recent):
        copy.mkdir()
    os.utime(unused, (time.time() - longer,) * 2)
    for _ in range(2):
        with launch.running(moved, print) as url:
            assert scalar(url, "SHOW server_version") == programs.version
        used = on_disk / f"migsafe-programs-{binaries.fingerprint(moved)}"
        assert sorted(on_disk.glob("migsafe-programs-*")) == sorted([recent, used])
        os.utime(used, (time.time() - longer,) * 2)
    assert private.stat().st_mode & 0o777 == 0o700


# The cached cluster


def test_the_cluster_is_made_once(cache: Path):
    """The second start says nothing and unpacks what the first one kept."""
    said: list[str] = []
    for _ in range(2):
        with start(provider="embedded", progress=said.append):
            pass
    assert len(said) == 1
    assert [path.suffix for path in sorted(cache.iterdir())] == [".lock", ".zip"]


def test_what_a_killed_process_did_not_finish_is_removed(cache: Path):
    """By whoever makes the cluster next; what somebody may still write stays."""
    with start(provider="embedded"):
        pass
    (archive,) = cache.glob("*.zip")
    old, new = (archive.with_name(archive.stem + end) for end in ("old", "new"))
    archive.rename(old)
    new.touch()
    os.utime(old, (0, 0))
    with start(provider="embedded"):
        pass
    assert sorted(cache.glob("*")) == sorted([archive, archive.with_suffix(".lock"), new])


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty"])
def test_a_damaged_cluster_is_made_anew(cache: Path, damage: str):
    """A checksum tells that the cached cluster is not what was kept."""
    with start(provider="embedded"):
        pass
    (archive,) = cache.glob("*.zip")
    whole = archive.read_bytes()
    middle = len(whole) // 2
    archive.write_bytes(
        {
            "truncated": whole[:middle],
            "flipped": whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :],
            "empty": b"",
        }[damage]
    )
    said: list[str] = []
    with start(provider="embedded", progress=said.append) as server:
        assert scalar(server.url(), "SELECT count(*) FROM pg_class") > 300
    assert len(said) == 1
    assert zipfile.ZipFile(archive).testzip() is None


def test_processes_that_start_together_make_one_cluster(cache: Path):
    """Four processes with an empty cache: all get a server, and the cache holds one cluster."""
    with ThreadPoolExecutor(4) as pool:
        started = list(pool.map(lambda _: held(env=environment()), range(4)))
    try:
        assert len({url for _, url in started}) == 4
        assert all(scalar(url, "SELECT 1") == 1 for _, url in started)
    finally:
        assert [let_go(process) for process, _ in started] == [0] * 4
    assert len(list(cache.glob("*.zip"))) == 1
    assert len(list(cache.iterdir())) == 2


def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A file where the cache should be is no reason to refuse."""
    (tmp_path / "migsafe").write_text("not a directory")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with start(provider="embedded") as server:
        assert scalar(server.url(), "SELECT 1") == 1


# Databases


def test_databases_of_two_tests_do_not_meet(server: Server):
    """Every database is a fresh one and gone afterwards."""
    with server.database() as first, server.database() as second:
        assert first != second
        with psycopg.connect(first) as connection:
            connection.execute("CREATE TABLE users (id int)")
        assert scalar(second, "SELECT to_regclass('users')") is None
        names = [psycopg.conninfo.conninfo_to_dict(url)["dbname"] for url in (first, second)]
    left = f"SELECT count(*) FROM pg_database WHERE datname IN ('{names[0]}', '{names[1]}')"
    assert scalar(server.url(), left) == 0


def test_a_database_is_marked_and_utf8(any_major: Server):
    """The comment says whose it is; the encoding does not depend on the server's."""
    with any_major.database() as url:
        query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database"
        assert scalar(url, query + " WHERE datname = current_database()") == MARK
        assert scalar(url, "SHOW server_encoding") == "UTF8"


def test_a_database_is_copied_from_its_template(any_major: Server):
    """A copy has what the template has, and does not share it."""
    template = any_major.create_database()
    try:
        with psycopg.connect(any_major.url(template)) as connection:
            connection.execute("CREATE TABLE users AS SELECT 1 AS id")
        with any_major.database(template=template) as url:
            with psycopg.connect(url) as connection:
                connection.execute("INSERT INTO users VALUES (2)")
            assert scalar(url, "SELECT count(*) FROM users") == 2
        assert scalar(any_major.url(template), "SELECT count(*) FROM users") == 1
    finally:
        any_major.drop_database(template)


def test_a_template_in_use_is_an_error_with_its_reason(server: Server):
    """PostgreSQL copies no database that others are connected to."""
    template = server.create_database()
    refused = pytest.raises(ServerError, match="being accessed by other users")
    with psycopg.connect(server.url(template)), refused:
        server.create_database(template=template)
    server.drop_database(template)


def test_a_database_is_dropped_with_its_sessions(server: Server):
    """A connection that a test forgot does not keep the database."""
    with server.database() as url:
        forgotten = psycopg.connect(url)
    with pytest.raises(psycopg.OperationalError):
        forgotten.execute("SELECT 1")
    forgotten.close()


def test_a_database_that_is_gone_is_dropped_already(server: Server):
    """Dropping twice is no error."""
    name = server.create_database()
    server.drop_database(name)
    server.drop_database(name)


@pytest.mark.parametrize("prefix", ["shop_", "migsafe_"])
@pytest.mark.parametrize("comment", [None, MARK, "ours"])
def test_a_foreign_database_is_never_dropped(server: Server, prefix: str, comment: str | None):
    """Both the name and the mark must be ours."""
    name = sql.Identifier(foreign := prefix + secrets.token_hex(4))
    if prefix == "migsafe_" and comment == MARK:
        name = sql.Identifier(foreign := "Migsafe_" + secrets.token_hex(4))
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        comment_on = sql.SQL("COMMENT ON DATABASE {} IS {}")
        connection.execute(comment_on.format(name, sql.Literal(comment)))
        try:
            with pytest.raises(ServerError, match="not made by migsafe"):
                server.drop_database(foreign)
            assert scalar(server.url(foreign), "SELECT 1") == 1
        finally:
            connection.execute(sql.SQL("DROP DATABASE {}").format(name))


# A server that is given


def test_a_given_server_is_used_and_left_running(server: Server, monkeypatch: pytest.MonkeyPatch):
    """Databases are made on it and dropped; the server is not ours to stop."""
    monkeypatch.setenv("MIGSAFE_SERVER_URL", sqlalchemy_url(server.url()))
    with start() as given:
        assert given.major == server.major
        with given.database() as url:
            assert scalar(url, "SELECT 1") == 1
            assert home_of(url) == home_of(server.url())
    assert scalar(server.url(), "SELECT 1") == 1


def test_a_given_server_of_another_major_is_refused(server: Server):
    """Who asks for PostgreSQL 14 is not given the answers of 18."""
    message = f"14 is asked for and the given server runs {server.major}"
    with pytest.raises(ServerError, match=message), start(url=server.url(), major=14):
        pass


@pytest.fixture
def lent(any_major: Server) -> Iterator[str]:
    """The URL of an empty database of a role that may not create databases."""
    role = sql.Identifier(name := "reader_" + secrets.token_hex(4))
    database = any_major.create_database()
    with psycopg.connect(any_major.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        owner = sql.SQL("ALTER DATABASE {} OWNER TO {}")
        connection.execute(owner.format(sql.Identifier(database), role))
        with psycopg.connect(any_major.url(database), autocommit=True) as inside:
            # As it was made before PostgreSQL 15, and is in databases upgraded from there.
            inside.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
        yield any_major.url(database).replace("postgres@", f"{name}@")
        any_major.drop_database(database)
        connection.execute(sql.SQL("DROP ROLE {}").format(role))


def test_a_role_that_may_not_create_databases_is_told_so(lent: str):
    """The message names the privilege, and what is in the way."""
    with psycopg.connect(lent) as connection:
        connection.execute("CREATE TABLE users (id int)")
    with pytest.raises(ServerError, match=r"table users.*CREATEDB"), start(url=lent):
        pass
    assert scalar(lent, "SELECT count(*) FROM users") == 0


MADE_IN_A_LENT_DATABASE = """
CREATE SCHEMA "Odd schema";
CREATE TABLE "Odd schema"."Odd table" (id serial PRIMARY KEY);
CREATE TYPE mood AS ENUM ('ok');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mood mood, n positive);
CREATE TABLE orders (user_id bigint REFERENCES users) PARTITION BY LIST (user_id);
CREATE TABLE orders_1 PARTITION OF orders FOR VALUES IN (1);
CREATE VIEW names AS SELECT mood FROM users;
CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM users;
CREATE SEQUENCE numbers;
CREATE FUNCTION one(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE nothing() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int);
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
CREATE STATISTICS together ON id, mood FROM users;
CREATE COLLATION plain FROM "C";
CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
CREATE PUBLICATION everything FOR TABLE users;
CREATE EXTENSION citext;
CREATE TABLE mails (mail citext);
SELECT lo_create(0);
"""


def test_an_empty_database_is_lent_and_emptied(lent: str):
    """Without CREATEDB the given database itself is used, again and again, and never dropped."""
    with start(url=lent) as server:
        for _ in range(2):
            with server.database() as url, psycopg.connect(url) as connection:
                assert scalar(url, "SELECT current_database()") in lent
                connection.execute(MADE_IN_A_LENT_DATABASE.encode())
        with psycopg.connect(lent) as connection:
            assert given._contents(connection) == []
        with pytest.raises(ServerError, match="CREATEDB"):
            server.create_database()
        with pytest.raises(ServerError, match="CREATEDB"):
            server.drop_database("postgres")


def test_a_lent_database_is_used_by_one_at_a_time(lent: str):
    """A second run would meet the first one's tables."""
    with start(url=lent) as server, server.database():
        in_use = pytest.raises(ServerError, match="in use by another run")
        with start(url=lent) as other, in_use, other.database():
            pass


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://alice:s3cret@127.0.0.1:1/shop",
        "postgresql://alice@127.0.0.1:1/shop?password=s3cret",
        "postgresql://alice:s3cret@127.0.0.1:1/shop?nonsense=s3cret",
        "mysql://alice:s3cret@localhost/shop",
        "host=localhost password=s3cret",
        "",
    ],
)
def test_a_server_that_cannot_be_used_is_an_error_without_the_password(
    url: str, monkeypatch: pytest.MonkeyPatch
):
    """Whatever is wrong with the URL, its password is not repeated."""
    monkeypatch.delenv("MIGSAFE_SERVER_URL", raising=False)
    with pytest.raises(ServerError) as caught, start(provider="url", url=url):
        pass
    assert "s3cret" not in str(caught.value)


# Which server


def test_an_unknown_provider_is_an_error_that_names_the_known_ones():
    """The message lists what there is."""
    with (
        pytest.raises(ServerError, match="embedded, binaries, testcontainers"),
        start(provider="docker"),
    ):
        pass


def test_containers_without_their_package_say_what_to_install(monkeypatch: pytest.MonkeyPatch):
    """The extra is named."""
    for module in containers._MODULES:
        monkeypatch.setitem(sys.modules, module, None)
    advice = pytest.raises(ServerError, match=r"alembic-migsafe\[testcontainers\]")
    with advice, start(provider="testcontainers"):
        pass


def test_no_server_to_be_had_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    """Without the wheel, a cache and local servers there is advice."""
    monkeypatch.delenv("MIGSAFE_SERVER_URL", raising=False)
    monkeypatch.delenv("MIGSAFE_PG_BINARIES", raising=False)
    monkeypatch.setattr(binaries, "embedded", lambda: None)
    monkeypatch.setattr(binaries, "cached", lambda major: None)
    monkeypatch.setattr(binaries, "local", lambda: iter(()))
    with pytest.raises(ServerError, match=r"pip install 'alembic-migsafe\[embedded\]'"), start():
        pass
    with pytest.raises(ServerError, match="no PostgreSQL 15"), start(major=15):
        pass


def test_programs_that_do_not_run_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Programs of another machine count only where there are no others."""
    for name in ("postgres", "initdb"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 13.4'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.delenv("MIGSAFE_SERVER_URL", raising=False)
    monkeypatch.setenv("MIGSAFE_PG_BINARIES", str(tmp_path))
    with start() as server:
        assert server.major >= 14
    monkeypatch.setattr(binaries, "cached", lambda major: None)
    monkeypatch.setattr(binaries, "local", lambda: iter(()))
    with pytest.raises(ServerError, match="oldest"), start(provider="binaries"):
        pass


def test_a_directory_of_programs_can_be_given(monkeypatch: pytest.MonkeyPatch):
    """MIGSAFE_PG_BINARIES is a bin directory or what holds one."""
    programs = binaries.embedded()
    assert programs is not None
    monkeypatch.delenv("MIGSAFE_SERVER_URL", raising=False)
    for directory in (programs, programs.parent):
        monkeypatch.setenv("MIGSAFE_PG_BINARIES", str(directory))
        with start(provider="binaries") as server:
            assert server.major == binaries.read(programs).major
    monkeypatch.setenv("MIGSAFE_PG_BINARIES", "/nonexistent")
    with pytest.raises(ServerError, match="MIGSAFE_PG_BINARIES is /nonexistent"), start():
        pass


def test_the_wheel_is_among_the_majors_at_hand():
    """The embedded server counts like those fetched into the cache."""
    assert binaries.read(binaries.embedded()).major in majors_available()


# The environment of libpq

FOREIGN = {
    "PGHOST": "9.9.9.9",
    "PGHOSTADDR": "9.9.9.9",
    "PGPORT": "1",
    "PGUSER": "stranger",
    "PGPASSFILE": "/nowhere",
    "PGDATABASE": "nowhere",
    "PGSERVICE": "nowhere",
    "PGSERVICEFILE": "/nowhere",
    "PGOPTIONS": "-c no_such_setting=1",
    "PGCLIENTENCODING": "SQL_ASCII",
    "PGCONNECT_TIMEOUT": "x",
    "PGTARGETSESSIONATTRS": "standby",
    "PGCHANNELBINDING": "require",
    "PGREQUIREAUTH": "scram-sha-256",
    "PGREQUIREPEER": "stranger",
    "PGSSLMODE": "nonsense",
    "PGSSLNEGOTIATION": "direct",
    "PGGSSENCMODE": "require",
    "PGLOADBALANCEHOSTS": "nonsense",
    "PGDATESTYLE": "nonsense",
    "PGTZ": "Nowhere/Nowhere",
    "PGGEQO": "nonsense",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_variables_of_libpq_do_not_reach_our_server(
    server: Server, name: str, monkeypatch: pytest.MonkeyPatch
):
    """Databases are made and read as without them, and they are still there afterwards."""
    monkeypatch.setenv(name, FOREIGN[name])
    with server.database() as url, connect(url) as session:
        assert session.info.encoding == "utf-8"
        assert session.execute("SHOW client_encoding").fetchone() == ("UTF8",)
        assert session.execute("SHOW TimeZone").fetchone() == ("UTC",)
    assert os.environ[name] == FOREIGN[name]


def test_variables_of_libpq_reach_a_given_server(monkeypatch: pytest.MonkeyPatch):
    """There they may be meant: a password, a certificate, another address of the host."""
    monkeypatch.setenv("PGSSLMODE", "nonsense")
    with pytest.raises(ServerError, match="nonsense"):
        connect("postgresql://localhost:1/x")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://postgres@/x?host=/dev/shm/migsafe-server-1a2b/s&port=5432", True),
        ("postgresql://postgres:migsafe-server-1a2b@localhost:49153/postgres", True),
        ("postgresql://postgres@migsafe-server-1/x", False),
        ("postgresql://postgres:secret@localhost/x?host=/var/run/postgresql", False),
    ],
)
def test_our_servers_are_known_by_their_urls(url: str, expected: bool):
    """By the directory of the socket, or the password of the container."""
    assert urls.is_throwaway(url) is expected


# URLs


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_sqlalchemy_connects_with_every_driver(db: str, driver: str):
    """One URL serves libpq and the drivers of SQLAlchemy."""
    engine = sa.create_engine(sqlalchemy_url(db, driver))
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1
        assert connection.dialect.driver == driver
    engine.dispose()


def test_sqlalchemy_connects_with_asyncpg(db: str):
    """asyncpg takes the directory of the socket as its host."""

    async def ask() -> object:
        engine = create_async_engine(sqlalchemy_url(db, "asyncpg"))
        async with engine.connect() as connection:
            answer = await connection.scalar(sa.text("SELECT 1"))
        await engine.dispose()
        return answer

    assert asyncio.run(ask()) == 1


@pytest.mark.parametrize(
    ("url", "driver", "expected"),
    [
        ("postgres://a:b%40c@h:1/x", "psycopg", "postgresql+psycopg://a:b%40c@h:1/x"),
        ("postgresql+psycopg2://h/x", "asyncpg", "postgresql+asyncpg://h/x"),
        ("postgresql://h/x?sslmode=require", "asyncpg", "postgresql+asyncpg://h/x?ssl=require"),
        ("postgresql:///x?options=-c%20a%3Db+c", "psycopg", None),
    ],
)
def test_sqlalchemy_urls(url: str, driver: str, expected: str | None):
    """The driver is replaced and what libpq means is kept."""
    made = sqlalchemy_url(url, driver)
    if expected is not None:
        assert made == expected
    else:
        assert sa.make_url(made).query["options"] == "-c a=b+c"


def test_the_name_of_a_database_is_quoted_in_a_url(server: Server):
    """A name may hold what separates the parts of a URL."""
    url = server.url("odd /?&=% name")
    assert psycopg.conninfo.conninfo_to_dict(url)["dbname"] == "odd /?&=% name"
