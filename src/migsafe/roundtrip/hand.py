"""A process that makes a part of a trip for another one, and tells it of it."""

from __future__ import annotations

import os
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any

from migsafe.errors import MigsafeError


def serve() -> None:
    """Make the journey that is ordered by the connection whose number is the first argument.

    That is also a leash: when it is closed, this process has nobody to work for, and ends.
    """
    line = Connection(int(sys.argv[1]))
    order = line.recv()
    threading.Thread(target=_end_with, args=(line,), daemon=True).start()
    sys.argv[:] = order.arguments
    try:
        answer: object = _made(order, line)
    except MigsafeError as error:
        answer = error
    except KeyboardInterrupt:
        os._exit(130)
    line.send(answer)


def _made(order: Any, line: Connection) -> object:
    from migsafe.roundtrip.journey import travel
    from migsafe.roundtrip.project import boarding
    from migsafe.server import start

    journey = order.journey
    with (
        start(**order.server) as server,
        boarding(journey.location, server, seconds=journey.seconds) as project,
    ):
        return travel(journey, project, lambda *far: line.send(far))


def _end_with(line: Connection) -> None:
    try:
        line.recv()
    except (EOFError, OSError):
        # The server has a pipe to this process, and ends with it as well.
        os._exit(1)
