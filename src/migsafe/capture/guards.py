"""Keeping migrations from doing anything but send SQL while they are captured."""

from __future__ import annotations

import atexit
import builtins
import io
import os
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import FrameType
from typing import Any

from migsafe.capture.drivers import Drivers
from migsafe.capture.imports import installed
from migsafe.capture.isolation import Swaps
from migsafe.capture.reads import reads
from migsafe.capture.recorder import Recorder
from migsafe.capture.sites import is_library


class Refused(PermissionError):
    """What a migration wanted to do besides sending SQL, and was not let."""


# Audit events (docs.python.org/3/library/audit_events.html) by what they mean to a reader.
_REFUSED = {
    "starts a process": (
        "subprocess.Popen os.system os.exec os.posix_spawn os.spawn os.fork os.forkpty "
        "os.startfile pty.spawn"
    ),
    "uses the network": (
        "socket.connect socket.bind socket.sendto socket.sendmsg socket.getaddrinfo "
        "socket.gethostbyname socket.gethostbyaddr urllib.Request"
    ),
    "changes files": (
        "os.remove os.rename os.rmdir os.mkdir os.link os.symlink os.truncate os.chmod os.chown "
        "os.utime shutil.copyfile shutil.move shutil.rmtree shutil.make_archive tempfile.mkstemp "
        "tempfile.mkdtemp"
    ),
    "sends a signal": "os.kill os.killpg signal.pthread_kill",
}
_MEANING = {event: what for what, events in _REFUSED.items() for event in events.split()}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Guard:
    """Refuses side effects of the code it watches, and notes them as problems of its migration.

    An audit hook can never be removed again, so there is one `guard` for the process, which does
    nothing while it watches nobody. Threads that ran before are left alone; those that a
    migration leaves behind may do nothing for as long as they run. What stands for functions of
    Python, once for all that is watched, is that function while nobody is watched.
    """

    def __init__(self) -> None:
        self._recorder: Recorder | None = None
        self._others: frozenset[int] = frozenset()
        self._left: tuple[threading.Thread, ...] = ()
        self._strays: frozenset[int] = frozenset()
        self._swaps = Swaps()

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Inside, code can be watched."""
        with self._replaced() as self._swaps, Drivers(self._connects).watched():
            yield

    @contextmanager
    def watching(self, recorder: Recorder) -> Iterator[None]:
        """Watch the code that runs inside, on behalf of *recorder*."""
        before = threading.enumerate()
        self._leave(self._left)
        self._others = _idents(before) - self._strays - {threading.get_ident()}
        self._recorder = recorder
        try:
            yield
        finally:
            self._recorder = None
            self._swaps.renew()
            if threading.active_count() > len(self._others) + 1:
                self._leave((*self._left, *set(threading.enumerate()).difference(before)))

    def _leave(self, threads: Iterable[threading.Thread]) -> None:
        """Those of *threads* that still run are strays: what they do comes after their time."""
        self._left = tuple(thread for thread in threads if thread.is_alive())
        self._strays = _idents(self._left)

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """The audit hook: raise `Refused` for what a migration may not do."""
        if self._recorder is None and not self._strays:
            return
        here = threading.get_ident()
        if here in self._others or (self._recorder is None and here not in self._strays):
            return
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITING and path != os.devnull:
                if _is_temporary(sys._getframe(1)):
                    self._refuse("makes a temporary file", None)
                self._refuse("writes the file", path)
        elif event in ("os.listdir", "os.scandir"):
            if "importlib" not in sys._getframe(1).f_code.co_filename:
                reads().note_path(arguments[0] or os.curdir, names=True)
        elif event == "sqlite3.connect":
            if arguments[0] not in ("", b"", ":memory:", b":memory:"):
                self._refuse("opens a database", arguments[0])
        elif (what := _MEANING.get(event)) is not None:
            self._refuse(f"{what} ({event})", None)

    def _connects(self, driver: str) -> None:
        """A *driver* is to open a connection."""
        self.hook("socket.connect", (driver,))

    def _refuse(self, what: str, detail: object) -> None:
        raise Refused(self._note(what, detail))

    def _note(self, what: str, detail: object) -> str:
        message = what if detail is None else f"{what} {_steady(str(detail))}"
        if self._recorder is not None:
            recorder, self._recorder = self._recorder, None
            try:
                recorder.problem("nondeterministic", f"{message}; this was refused")
            finally:
                self._recorder = recorder
        return message

    def _replaced(self) -> Swaps:
        """Write to nowhere and do not wait, so that the rest of the migration still runs."""
        opened = self._opened(builtins.open)
        return Swaps(
            (builtins, {"open": opened}),
            (io, {"open": opened}),
            (time, {"sleep": lambda seconds: None}),
            (os, {**_ENDS, "stat": self._noted_stat(os.stat)}),
            (sys.modules[os.name], _ENDS),
            (signal, _SIGNALS),
            (atexit, {"register": _registered(atexit.register)}),
            # Python finds it by writing to a file there.
            (tempfile, {"tempdir": tempfile.tempdir or os.path.join(os.sep, "tmp")}),
            (threading.Thread, {"start": _in_background(threading.Thread.start)}),
        )

    def _opened(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def opened(file: Any, mode: str = "r", *args: Any, **keywords: Any) -> Any:
            elsewhere = self._recorder is None or threading.get_ident() in self._others
            if elsewhere or not set(mode) & set("wax+") or file == os.devnull:
                return original(file, mode, *args, **keywords)
            self._note("writes the file", file)
            return io.BytesIO() if "b" in mode else io.StringIO()

        return opened

    def _noted_stat(self, original: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        """`os.stat`, by which `exists` goes: whether a file is there can decide what is sent."""

        def stat(path: Any, *args: Any, **keywords: Any) -> os.stat_result:
            if self._recorder is not None:
                reads().note_path(path)
            return original(path, *args, **keywords)

        return stat


def _idents(threads: Iterable[threading.Thread]) -> frozenset[int]:
    return frozenset(thread.ident for thread in threads if thread.ident is not None)


def _kept_handler(number: int, handler: object) -> object:
    return signal.getsignal(number)


def _kept_timer(which: int, *args: object) -> tuple[float, float]:
    return signal.getitimer(which)


def _no_alarm(seconds: int) -> int:
    return 0


_ENDS = {"_exit": sys.exit, "abort": sys.exit}
"""What stands for functions of `os` that end the process at once, and migsafe with it."""
_SIGNALS = {
    name: instead
    for name, instead in (
        ("signal", _kept_handler),
        ("setitimer", _kept_timer),
        ("alarm", _no_alarm),
    )
    if hasattr(signal, name)
}
"""What stands for functions of `signal`: handlers and the timer belong to who runs migsafe."""


def _registered(original: Callable[..., Any]) -> Callable[..., Any]:
    """`atexit.register` for libraries alone: nothing of a project runs when migsafe ends."""

    def register(function: Any, *args: Any, **keywords: Any) -> Any:
        caller = sys._getframe(1).f_code.co_filename
        if is_library(caller) or installed(caller):
            original(function, *args, **keywords)
        return function

    return register


def _in_background(original: Callable[..., Any]) -> Callable[..., Any]:
    """`Thread.start` for threads for whose end nobody waits when migsafe ends."""

    def start(self: threading.Thread) -> None:
        if self.ident is None:
            self.daemon = True
        original(self)

    return start


def _is_temporary(frame: FrameType | None) -> bool:
    """Whether `tempfile` opens the file, whose name is another in each run."""
    return frame is not None and frame.f_code.co_filename == tempfile.__file__


def _steady(path: str) -> str:
    """The name of a file; digits, of a time or a process, would be others in the next run."""
    return re.sub(r"\d+", "0", os.path.basename(path.rstrip(os.sep)) or path)


@lru_cache(maxsize=1)
def guard() -> Guard:
    """The guard of this process, installed when it is first asked for."""
    found = Guard()
    sys.addaudithook(found.hook)
    return found
