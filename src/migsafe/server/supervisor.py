"""Script: run one PostgreSQL server for as long as its caller lives, then remove its directories.

It runs in a session and process of its own, so that Ctrl-C in the caller's terminal does not reach
the server, and a caller killed with SIGKILL still leaves nothing behind: the pipe on standard input
ends with it. It imports the standard library alone and starts threads never, because Linux sends
the parent-death signal when the *thread* that forked dies (prctl(2), PR_SET_PDEATHSIG).

Standard input: one line of JSON (see `Order` in launch.py), then nothing until the caller is done.
Standard output: one line of JSON, `{"ready": true}` or `{"ready": false, "log": "..."}`.
"""

from __future__ import annotations

import functools
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

PR_SET_PDEATHSIG = 1
# The server says so itself in line 8 of postmaster.pid (src/include/utils/pidfile.h).
LINE_OF_STATUS = 7


def main() -> int:
    order = json.loads(sys.stdin.readline())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    server = _start(order)
    try:
        _watch(server, order)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        _stop(server)
        _remove(order["directories"])
    return 0


def _start(order: dict[str, Any]) -> int:
    """Fork and become the server in the child; its id is returned in the parent."""
    supervisor = os.getpid()
    # Made before the fork: afterwards the server's account may be unable to read Python's files.
    die_with_parent = _parent_death_signal()
    pid = os.fork()
    if pid == 0:
        try:
            _become_server(order, supervisor, die_with_parent)
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode(errors="replace"))
        os._exit(127)
    return pid


def _become_server(
    order: dict[str, Any], parent: int, die_with_parent: Callable[[], object]
) -> NoReturn:
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.chdir("/")
    if order["uid"] is not None:
        os.setgroups([])
        os.setgid(order["gid"])
        os.setuid(order["uid"])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    die_with_parent()  # after setuid, which cancels it
    if os.getppid() != parent:
        os._exit(0)
    os.execve(order["command"][0], order["command"], order["environment"])


def _parent_death_signal() -> Callable[[], object]:
    """Return what makes the kernel send SIGQUIT (immediate shutdown) when the parent dies.

    Linux only; elsewhere, and in a Python built without libffi, the pipe has to do.
    """
    if not sys.platform.startswith("linux"):
        return lambda: None
    try:
        import ctypes
    except ImportError:
        return lambda: None
    return functools.partial(
        ctypes.CDLL(None).prctl, PR_SET_PDEATHSIG, int(signal.SIGQUIT), 0, 0, 0
    )


def _watch(server: int, order: dict[str, Any]) -> None:
    """Return when the caller is done or dead, or the server is."""
    deadline = time.monotonic() + order["patience"]
    ready = False
    while True:
        # The caller's process id is looked at too: a child it forked may hold the pipe open.
        ended = select.select([0], [], [], 1.0 if ready else 0.003)[0]
        if ended or os.getppid() != order["caller"]:
            return
        stopped = _exited(server)
        if not ready:
            ready = not stopped and _is_ready(order["data"])
            if ready:
                _say({"ready": True})
            elif stopped or time.monotonic() > deadline:
                _say({"ready": False, "log": _tail(order["log"])})
                return
        if stopped:
            return


def _is_ready(data: str) -> bool:
    try:
        with open(os.path.join(data, "postmaster.pid")) as file:
            lines = file.read().splitlines()
    except OSError:
        return False
    return len(lines) > LINE_OF_STATUS and lines[LINE_OF_STATUS].strip() == "ready"


def _exited(server: int) -> bool:
    try:
        return os.waitpid(server, os.WNOHANG)[0] == server
    except ChildProcessError:
        return True


def _stop(server: int) -> None:
    """Shut down at once, without a checkpoint; the postmaster waits for its children (5 s)."""
    for number, patience in ((signal.SIGQUIT, 8.0), (signal.SIGKILL, 2.0)):
        if _exited(server):
            return
        os.kill(server, number)
        deadline = time.monotonic() + patience
        while not _exited(server) and time.monotonic() < deadline:
            time.sleep(0.003)


def _remove(directories: list[str]) -> None:
    import shutil

    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


def _tail(log: str) -> str:
    try:
        with open(log, encoding="utf-8", errors="replace") as file:
            return "\n".join(file.read().splitlines()[-8:])
    except OSError:
        return ""


def _say(answer: dict[str, Any]) -> None:
    try:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        pass


if __name__ == "__main__":
    sys.exit(main())
