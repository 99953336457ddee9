"""A limit on the time that foreign code may take."""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

# Those of Python: what runs inside finds others in their place.
_set_timer: Any = getattr(signal, "setitimer", None)
_timer: Any = getattr(signal, "getitimer", None)
_set_handler = signal.signal
_handler = signal.getsignal


class Expired(BaseException):
    """The time is over; not an Exception, so that the code it ends cannot catch it by accident."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise `Expired`, as an `Alarm` does, when the code inside takes longer than *seconds*."""
    with Alarm() as alarm, alarm.after(seconds):
        yield


class Alarm:
    """Limits on the time of what runs inside, one after the other.

    In the main thread by a timer signal, which also ends a blocking call; in another thread, or
    where the program uses the timer itself, between two instructions of Python.
    """

    def __init__(self) -> None:
        self._is_by_signal = False
        self._is_set = False
        self._before: Any = None

    def __enter__(self) -> Alarm:
        self._is_by_signal = _timer_is_free()
        if self._is_by_signal:
            self._before = _set_handler(signal.SIGALRM, self._ring)
        return self

    def __exit__(self, *error: object) -> None:
        if self._is_by_signal:
            _set_handler(signal.SIGALRM, self._before)

    @contextmanager
    def after(self, seconds: float) -> Iterator[None]:
        """Raise `Expired` in the code inside when it takes longer than *seconds*."""
        if not self._is_by_signal or _timer(signal.ITIMER_REAL)[0]:
            with _by_thread(seconds):
                yield
            return
        if _handler(signal.SIGALRM) != self._ring:
            _set_handler(signal.SIGALRM, self._ring)
        self._is_set = True
        # Again every second, in case a bare except swallowed the first.
        _set_timer(signal.ITIMER_REAL, seconds, 1.0)
        try:
            yield
        finally:
            self._is_set = False
            _set_timer(signal.ITIMER_REAL, 0)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if self._is_set:
            raise Expired


@contextmanager
def paused() -> Iterator[None]:
    """What is inside takes no time of a `deadline` that goes by signal."""
    if _set_timer is None:
        yield
        return
    left, every = _set_timer(signal.ITIMER_REAL, 0)
    try:
        yield
    finally:
        if left:
            _set_timer(signal.ITIMER_REAL, left, every)


def _timer_is_free() -> bool:
    return (
        _set_timer is not None
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGALRM) in (signal.SIG_DFL, signal.SIG_IGN)
        and signal.getitimer(signal.ITIMER_REAL)[0] == 0
    )


@contextmanager
def _by_thread(seconds: float) -> Iterator[None]:
    here = ctypes.c_ulong(threading.get_ident())
    over = threading.Event()

    def expire() -> None:
        pause = seconds
        while not over.wait(pause):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(here, ctypes.py_object(Expired))
            pause = 1.0

    watch = threading.Thread(target=expire, daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()
