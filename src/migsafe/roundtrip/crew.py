"""Several processes that make one trip, each a part of it on a server of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Any

from migsafe.capture.location import migration_files
from migsafe.errors import HistoryError, MigsafeError
from migsafe.roundtrip.journey import Journey, Progress, Travelled
from migsafe.server import Server
from migsafe.values import dataclass, replace

# Fewer revisions for each process than these are not worth the start of one: about a second.
_WORTH, _WORTH_WITH_ROWS = 50, 15
_MOST = 8
_START = "import sys; sys.path[:] = sys.argv[2:]; from migsafe.roundtrip.hand import serve; serve()"


@dataclass(frozen=True)
class Order:
    """What a process of the crew is told: a *journey*, and with which arguments of ours."""

    journey: Journey
    server: dict[str, Any]
    arguments: tuple[str, ...]


def jobs_for(journey: Journey, server: Server, jobs: int | None) -> int:
    """In how many processes to make the *journey*: in *jobs*, in one on a given server."""
    if server.alike is None:
        return 1
    location = journey.location
    count = sum(1 for _ in migration_files(location.versions, recursive=location.recursive))
    count = count if journey.only is None else len(journey.only)
    if jobs is None:
        worth = _WORTH_WITH_ROWS if journey.data else _WORTH
        jobs = min(_cores(), _MOST, count // worth)
    return max(1, min(jobs, count))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def hired(journey: Journey, server: Server, jobs: int, progress: Progress) -> Iterator[Crew]:
    """Start all processes but one, this one; those that still run at the end are ended."""
    with ExitStack() as stack:
        hands = [
            stack.enter_context(_working(replace(journey, part=part, parts=jobs), server))
            for part in range(jobs - 1)
        ]
        yield Crew(replace(journey, part=jobs - 1, parts=jobs), hands, progress)


class Crew:
    """This process and its *hands*, and how far they all are.

    Attributes:
        journey: the part of this process, the last one.
    """

    def __init__(self, journey: Journey, hands: list[Hand], progress: Progress) -> None:
        self.journey = journey
        self._hands = hands
        self._tell = progress
        self._own = (0, 0, "")

    def together(self, own: Callable[[], Travelled]) -> list[Travelled]:
        """What came of all parts, the first one first; *own* makes that of this process.

        Where several end in errors, the one that comes first in the history is raised.
        """
        try:
            found: Travelled | MigsafeError = own()
        except MigsafeError as error:
            found = error
        while any(hand.answer is None for hand in self._hands):
            self._listen(None)
        parts: list[Travelled] = []
        for answer in (*(hand.answer for hand in self._hands), found):
            if isinstance(answer, MigsafeError):
                raise answer
            if answer is not None:
                parts.append(answer)
        return parts

    def progress(self, done: int, total: int, revision: str) -> None:
        """Tell how far all are, when this process is so far."""
        self._own = (done, total, revision)
        self._listen(0)

    def _listen(self, seconds: float | None) -> None:
        at_work = [hand for hand in self._hands if hand.answer is None]
        ready = wait([hand.line for hand in at_work], seconds)
        for hand in at_work:
            if hand.line in ready:
                hand.hear()
        parts = [*(hand.progress for hand in self._hands), self._own]
        done, total = sum(part[0] for part in parts), sum(part[1] for part in parts)
        current = next((revision for _, _, revision in reversed(parts) if revision), "")
        self._tell(done, total, current)


class Hand:
    """A process that makes one part.

    Attributes:
        line: the connection to it.
        progress: how far it is.
        answer: what came of it, in the end.
    """

    def __init__(self, process: subprocess.Popen[bytes], line: Connection) -> None:
        self.line = line
        self.progress = (0, 0, "")
        self.answer: Travelled | MigsafeError | None = None
        self._process = process

    def hear(self) -> None:
        """Take its next message."""
        try:
            message = self.line.recv()
        except (EOFError, OSError):
            message = HistoryError(
                "one of the processes of this trip has ended without an answer, with exit code "
                f"{self._process.wait()}; --jobs 1 makes the trip in a single one"
            )
        if isinstance(message, tuple):
            self.progress = message
        else:
            self.answer = message


@contextmanager
def _working(journey: Journey, server: Server) -> Iterator[Hand]:
    ours, theirs = Pipe()
    number = theirs.fileno()
    command = [sys.executable, "-c", _START, str(number), *sys.path]
    # What the project prints is none of our output.
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=2, pass_fds=(number,)
    ) as process:
        theirs.close()
        # It ends by itself when nobody holds the line any more, and so does its server.
        with ours:
            with contextlib.suppress(BrokenPipeError):
                ours.send(Order(journey, dict(server.alike or {}), tuple(sys.argv)))
            yield Hand(process, ours)
