"""Keeping migrations from doing anything but send SQL while they are captured."""

from __future__ import annotations

import builtins
import io
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from migsafe.capture.isolation import swapped
from migsafe.capture.recorder import Recorder


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
    nothing while it watches nobody. Threads that ran before are left alone.
    """

    def __init__(self) -> None:
        self._recorder: Recorder | None = None
        self._others: frozenset[int] = frozenset()

    @contextmanager
    def watching(self, recorder: Recorder) -> Iterator[None]:
        """Watch the code that runs inside, on behalf of *recorder*."""
        here = threading.get_ident()
        others = (thread.ident for thread in threading.enumerate())
        self._others = frozenset(i for i in others if i is not None and i != here)
        self._recorder = recorder
        try:
            with self._replaced():
                yield
        finally:
            self._recorder = None

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """The audit hook: raise `Refused` for what a migration may not do."""
        if self._recorder is None or threading.get_ident() in self._others:
            return
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITING and path != os.devnull:
                self._refuse("writes the file", path)
        elif (what := _MEANING.get(event)) is not None:
            self._refuse(f"{what} ({event})", None)

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

    @contextmanager
    def _replaced(self) -> Iterator[None]:
        """Write to nowhere and do not wait, so that the rest of the migration still runs."""
        opened = self._opened(builtins.open)
        with (
            swapped(builtins, open=opened),
            swapped(io, open=opened),
            swapped(time, sleep=lambda seconds: None),
            swapped(os, _exit=sys.exit),
        ):
            yield

    def _opened(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def opened(file: Any, mode: str = "r", *args: Any, **keywords: Any) -> Any:
            elsewhere = self._recorder is None or threading.get_ident() in self._others
            if elsewhere or not set(mode) & set("wax+") or file == os.devnull:
                return original(file, mode, *args, **keywords)
            self._note("writes the file", file)
            return io.BytesIO() if "b" in mode else io.StringIO()

        return opened


def _steady(path: str) -> str:
    """The name of a file; digits, of a time or a process, would be others in the next run."""
    return re.sub(r"\d+", "0", os.path.basename(path.rstrip(os.sep)) or path)


@lru_cache(maxsize=1)
def guard() -> Guard:
    """The guard of this process, installed when it is first asked for."""
    found = Guard()
    sys.addaudithook(found.hook)
    return found
