"""Wakes things at exact monotonic nanoseconds, in the order they are due.

Event loops keep time in milliseconds (epoll's timeout and libuv's timers alike). On Linux the
kernel's timerfd wakes the loop to some ten microseconds instead; elsewhere the loop's own timer
has to do. Nothing runs while nothing is due.
"""

import asyncio
import ctypes
import heapq
import os
import sys
import time
from collections.abc import Callable
from itertools import count
from typing import Protocol

# After this many in one turn the loop gets to read its sockets again.
MAX_PER_TURN = 128

_CLOCK_MONOTONIC = 1
_TFD_NONBLOCK_CLOEXEC = os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)
_TFD_TIMER_ABSTIME = 1


class Beat(Protocol):
    """Something with a due time. `play` does what is due and says when it wants to be woken next
    (monotonic ns), or None when it does not."""

    def play(self) -> int | None: ...


class Alarm(Protocol):
    """Calls back once, at a monotonic time in ns; setting it again moves it."""

    def set(self, due_ns: int) -> None: ...

    def close(self) -> None: ...


class _Timespec(ctypes.Structure):
    _fields_ = (("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("it_interval", _Timespec), ("it_value", _Timespec))


class KernelAlarm:
    """timerfd(2), watched by the loop. Raises `OSError` where the kernel has none."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd: int = self._libc.timerfd_create(_CLOCK_MONOTONIC, _TFD_NONBLOCK_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create failed")
        self._loop = loop
        self._ring = ring
        self._spec = _Itimerspec()
        loop.add_reader(self._fd, self._rang)

    def set(self, due_ns: int) -> None:
        # A time of zero would disarm the timer.
        seconds, nanoseconds = divmod(max(due_ns, 1), 1_000_000_000)
        self._spec.it_value.tv_sec = seconds
        self._spec.it_value.tv_nsec = nanoseconds
        self._libc.timerfd_settime(self._fd, _TFD_TIMER_ABSTIME, ctypes.byref(self._spec), None)

    def close(self) -> None:
        self._loop.remove_reader(self._fd)
        os.close(self._fd)

    def _rang(self) -> None:
        try:
            os.read(self._fd, 8)
        except BlockingIOError:
            # It was set anew between waking the loop and this read.
            return
        self._ring()


class LoopAlarm:
    """The event loop's own timer: exact to a millisecond or so."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._handle: asyncio.TimerHandle | None = None

    def set(self, due_ns: int) -> None:
        self.close()
        delay_s = max(0, due_ns - time.monotonic_ns()) / 1e9
        self._handle = self._loop.call_later(delay_s, self._ring)

    def close(self) -> None:
        if self._handle is not None:
            self._handle.cancel()


def best_alarm(loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> Alarm:
    if sys.platform == "linux":
        return KernelAlarm(loop, ring)
    return LoopAlarm(loop, ring)


class Pacemaker:
    """A heap of beats and one alarm set to the earliest."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        make_alarm: Callable[[asyncio.AbstractEventLoop, Callable[[], None]], Alarm] = best_alarm,
    ) -> None:
        self._heap: list[tuple[int, int, Beat]] = []
        self._order = count()
        self._alarm = make_alarm(loop, self._turn)

    def add(self, due_ns: int, beat: Beat) -> None:
        self._push(due_ns, beat)
        if self._heap[0][2] is beat:
            self._alarm.set(due_ns)

    def close(self) -> None:
        self._heap.clear()
        self._alarm.close()

    def _push(self, due_ns: int, beat: Beat) -> None:
        heapq.heappush(self._heap, (due_ns, next(self._order), beat))

    def _turn(self) -> None:
        for _ in range(MAX_PER_TURN):
            if not self._heap or self._heap[0][0] > time.monotonic_ns():
                break
            beat = heapq.heappop(self._heap)[2]
            next_ns = beat.play()
            if next_ns is not None:
                self._push(next_ns, beat)
        if self._heap:
            self._alarm.set(self._heap[0][0])
