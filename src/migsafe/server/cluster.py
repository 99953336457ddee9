"""A fresh database cluster: made by initdb once per PostgreSQL, then unpacked from a cache."""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import subprocess
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from migsafe.errors import ServerError
from migsafe.server.account import Account
from migsafe.server.binaries import Binaries, cache_directory, fingerprint

# No locale: sorting and messages are then the same on every machine.
_INITDB = ("-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--no-locale")
# A zip file keeps a checksum of every file, so a damaged one is noticed.
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError)
_PATIENCE = 180.0


def create(binaries: Binaries, data: Path, account: Account, say: Callable[[str], None]) -> None:
    """Make a cluster in *data*, a directory that does not exist; its owner is *account*.

    Raises ServerError when initdb fails. A cache that is damaged is made anew, one that cannot be
    written is done without.
    """
    archive = cache_directory() / "clusters" / f"{binaries.version}-{fingerprint(binaries)}.zip"
    if _unpack(archive, data, account):
        return
    with _alone(archive.with_suffix(".lock")) as cacheable:
        if _unpack(archive, data, account):  # another process made it while this one waited
            return
        say(f"preparing PostgreSQL {binaries.version} (once)")
        _initdb(binaries, data, account)
        if cacheable:
            _pack(data, archive)


def _initdb(binaries: Binaries, data: Path, account: Account) -> None:
    data.mkdir(mode=0o700)
    account.own(data)
    command = [binaries.program("initdb"), "-D", str(data), *_INITDB]
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            cwd="/",
            env=environment,
            timeout=_PATIENCE,
            **account.popen(),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ServerError(f"cannot run {binaries.program('initdb')}: {error}") from error
    if done.returncode != 0:
        raise ServerError(f"initdb of PostgreSQL {binaries.version} failed: {done.stderr.strip()}")


def _unpack(archive: Path, data: Path, account: Account) -> bool:
    """Unpack *archive* into *data*; returns False, with nothing left, if that cannot be done."""
    try:
        file = archive.open("rb")
    except OSError:
        return False
    try:
        with file, zipfile.ZipFile(file) as packed:
            for entry in packed.infolist():
                target = data / entry.filename
                if entry.is_dir():
                    target.mkdir(mode=0o700)
                else:
                    content = packed.read(entry)
                    with open(target, "xb", opener=_private) as unpacked:
                        unpacked.write(content)
                account.own(target)
    except _DAMAGED:
        shutil.rmtree(data, ignore_errors=True)
        with contextlib.suppress(OSError):
            archive.unlink()
        return False
    except OSError as error:
        raise ServerError(f"cannot write to {data}: {error.strerror}") from error
    return True


def _pack(data: Path, archive: Path) -> None:
    """Write the cluster into *archive*; readers see the whole file or none."""
    _remove_unfinished(archive)
    try:
        descriptor, written = tempfile.mkstemp(prefix=archive.stem, dir=archive.parent)
    except OSError:
        return
    try:
        with (
            os.fdopen(descriptor, "wb") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
        ):
            packed.writestr("./", b"")
            for path in sorted(data.rglob("*")):
                packed.write(path, path.relative_to(data))
        os.replace(written, archive)
    except OSError:  # a full disk: the next start tries again
        with contextlib.suppress(OSError):
            os.unlink(written)


def _remove_unfinished(archive: Path) -> None:
    """Remove what others, killed while they wrote, have left beside *archive*."""
    for found in archive.parent.glob(archive.stem + "*"):
        with contextlib.suppress(OSError):
            is_other = found.name not in (archive.name, archive.with_suffix(".lock").name)
            if is_other and time.time() - found.stat().st_mtime > _PATIENCE:
                found.unlink()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[bool]:
    """Hold *lock* among processes; yields whether its directory can be written at all."""
    import fcntl

    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        file = open(lock, "w")  # noqa: SIM115
    except OSError:
        yield False
        return
    with file:
        # Network file systems may know no locks; then two processes do the same work twice.
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield True
