"""Start a throwaway server in directories of its own, and see to it that nothing of it remains."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from migsafe.errors import ServerError
from migsafe.server import cluster
from migsafe.server.account import Account, server_account
from migsafe.server.binaries import Binaries, reachable_by
from migsafe.server.urls import PREFIX, socket_url

PORT = 5432
# sun_path holds 108 bytes on Linux and 104 on macOS, with the final zero byte.
_SOCKET_PATH_BYTES = 103
# A comma separates directories in unix_socket_directories and hosts in a URL; others need escapes.
_PLAIN = re.compile(r"/[A-Za-z0-9_./+-]*\Z")
_MEMORY = Path("/dev/shm")
_MEMORY_NEEDED = 512 * 1024 * 1024
_STALE_AFTER = 60.0
_PATIENCE = 60.0

# Durability is not wanted of a server that lives for minutes; the rest keeps measurements exact:
# no autovacuum that takes locks, no JIT (a snapshot of 500 tables takes 20 times as long with it).
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "replica",
    "max_wal_size": "512MB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "jit": "off",
    "track_counts": "on",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "max_prepared_transactions": "0",
    "max_locks_per_transaction": "1024",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "logging_collector": "off",
}
_OWN = {
    # Shared memory as files in the data directory goes away with it, even after SIGKILL.
    "dynamic_shared_memory_type": "mmap",
    "huge_pages": "off",
    "update_process_title": "off",
    "listen_addresses": "",
}
_FROM_18 = {"io_method": "sync"}  # no worker processes
_EXTENSIONS = Path(__file__).with_name("extensions")


@contextmanager
def running(binaries: Binaries, say: Callable[[str], None]) -> Iterator[str]:
    """Run a server of *binaries* and yield the URL of its database ``postgres``.

    *say* is told what takes long. Raises ServerError when the server cannot be started.
    """
    account = server_account()
    base = _base(account)
    _sweep(base)
    with contextlib.ExitStack() as stack:
        home = _directory(base, account, stack)
        lock = stack.enter_context(_lock(home))
        runnable = reachable_by(account, binaries, home)
        cluster.create(runnable, home / "data", account, say)
        _copy_extensions(home, account)
        socket = _socket_directory(home, account, stack)
        supervisor = _supervise(_order(runnable, home, socket, account), lock)
        try:
            _await_ready(supervisor, binaries)
            yield socket_url(str(socket), PORT, "postgres")
        finally:
            _end(supervisor)


def _base(account: Account) -> Path:
    """Return where data is kept: in memory where there is plenty, on disk otherwise."""
    with contextlib.suppress(OSError):
        room = os.statvfs(_MEMORY)
        enough = room.f_bavail * room.f_frsize >= _MEMORY_NEEDED
        if enough and os.access(_MEMORY, os.W_OK | os.X_OK):
            return _MEMORY
    for base in _temporary():
        if account.can_enter(base):
            return base
    raise ServerError(
        f"the user the server runs as cannot enter {tempfile.gettempdir()}; "
        "set TMPDIR to a directory that every user can enter"
    )


def _temporary() -> tuple[Path, ...]:
    return Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")


def _directory(base: Path, account: Account, stack: contextlib.ExitStack) -> Path:
    """Make a directory in *base* that only the caller and *account* can enter."""
    try:
        home = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base)).resolve()
    except OSError as error:
        raise ServerError(f"cannot make a directory in {base}: {error.strerror}") from error
    stack.callback(_remove_own, home, os.getpid())
    if account.gid is not None:
        os.chown(home, -1, account.gid)
        home.chmod(0o710)
    return home


def _remove_own(directory: Path, owner: int) -> None:
    # A child forked inside the context leaves it too; the server is not its to end.
    if os.getpid() == owner:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _lock(home: Path) -> Iterator[int]:
    """Hold the lock that says *home* is in use; the server's processes inherit it."""
    import fcntl

    descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield descriptor
    finally:
        os.close(descriptor)


def _sweep(base: Path) -> None:
    """Remove our directories in *base* that a power cut or a killed container left behind."""
    import fcntl

    for home in base.glob(PREFIX + "*"):
        try:
            found = home.lstat()
            if found.st_uid != os.geteuid() or time.time() - found.st_mtime < _STALE_AFTER:
                continue
            with open(home / "lock") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(home, ignore_errors=True)
        except OSError:  # in use, or gone in the meantime
            continue


def _copy_extensions(home: Path, account: Account) -> None:
    """Have our stand-ins for extensions in *home*, where the server can read them."""
    target = home / "share" / "extension"
    for folder in (target.parent, target):
        folder.mkdir(mode=0o700)
        account.own(folder)
    for source in _EXTENSIONS.iterdir():
        if source.suffix in (".control", ".sql"):
            shutil.copyfile(source, target / source.name)
            account.own(target / source.name)


def _socket_directory(home: Path, account: Account, stack: contextlib.ExitStack) -> Path:
    """Return a directory for the socket whose path is short and plain."""
    inside = home / "s"
    if _fits(inside):
        inside.mkdir(mode=0o700)
        account.own(inside)
        return inside
    for base in (*_temporary(), _MEMORY):
        if not account.can_enter(base) or not _fits(base / (PREFIX + "12345678") / "s"):
            continue
        with contextlib.suppress(ServerError):
            outside = _directory(base, account, stack) / "s"
            outside.mkdir(mode=0o700)
            account.own(outside)
            return outside
    raise ServerError(
        f"no directory for the server's socket: {home} is too long and /tmp cannot be written"
    )


def _fits(directory: Path) -> bool:
    path = directory / f".s.PGSQL.{PORT}"
    return bool(_PLAIN.match(str(path))) and len(os.fsencode(path)) <= _SOCKET_PATH_BYTES


def _order(binaries: Binaries, home: Path, socket: Path, account: Account) -> dict[str, object]:
    """Return what supervisor.py is told, in one line of JSON."""
    settings = {**SETTINGS, **_OWN, **(_FROM_18 if binaries.major >= 18 else {})}
    settings["unix_socket_directories"] = str(socket)
    if binaries.major >= 18 and ":" not in str(home):
        # The server's own come first: where it has the real ones, those are taken.
        settings["extension_control_path"] = f"$system:{home / 'share'}"
    data = str(home / "data")
    command = [binaries.program("postgres"), "-D", data, "-p", str(PORT)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    passed_on = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
    environment = {name: os.environ[name] for name in passed_on if name in os.environ}
    return {
        "command": command,
        "environment": {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", **environment},
        "data": data,
        "log": str(home / "log"),
        "directories": sorted({str(home), str(socket.parent)}),
        "uid": account.uid,
        "gid": account.gid,
        "caller": os.getpid(),
        "patience": _PATIENCE,
    }


def _supervise(order: dict[str, object], lock: int) -> subprocess.Popen[bytes]:
    script = Path(__file__).with_name("supervisor.py")
    supervisor = subprocess.Popen(
        [sys.executable, "-I", "-S", str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
        pass_fds=(lock,),
    )
    assert supervisor.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        supervisor.stdin.write(json.dumps(order).encode() + b"\n")
        supervisor.stdin.flush()
    return supervisor


def _await_ready(supervisor: subprocess.Popen[bytes], binaries: Binaries) -> None:
    assert supervisor.stdout is not None
    line = supervisor.stdout.readline()
    answer: dict[str, Any] = json.loads(line) if line else {}
    if not answer.get("ready"):
        reason = answer.get("log", "").strip() or "it ended without a message"
        raise ServerError(f"PostgreSQL {binaries.version} did not start: {reason}")


def _end(supervisor: subprocess.Popen[bytes]) -> None:
    """Close the pipe the supervisor waits on, which ends the server, and wait for both."""
    for pipe in (supervisor.stdin, supervisor.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        supervisor.wait(timeout=20)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()
