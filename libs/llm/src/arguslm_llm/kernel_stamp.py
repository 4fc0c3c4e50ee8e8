"""When the kernel received what we read: its stamp, on the clock we measure with.

A stamp of ours says when we came to read, the kernel's when the bytes arrived. The kernel joins
segments that wait in one socket and keeps the newest one's stamp, so what waited for longer than a
gap between two chunks is stamped as late as the last of them, and no later.
"""

import contextlib
import platform
import socket
import struct
import sys
import time

# From Linux's asm-generic/socket.h; Python has no name for it.
_SO_TIMESTAMPNS = 35
_HAS_STAMPS = sys.platform == "linux" and platform.machine() not in ("sparc64", "parisc", "alpha")
_TIMESPEC = struct.Struct("@ll")
_ANCILLARY_BYTES = 64
_NS_PER_S = 1_000_000_000

# Two clocks are read one after the other; if more than this lay between, something came between.
_UNDISTURBED_NS = 20_000
_TRIES = 3
# The wall clock is nudged all the time, by a thousandth at most; more than that, it was set.
_JITTER_NS = 1_000_000
_MAX_SLEW = 1_000


def ask_for_stamps(sock: socket.socket) -> None:
    """From now on the kernel says when each byte arrived, where it can."""
    if _HAS_STAMPS:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def stamping_socket() -> socket.socket:
    """A socket that only asks for stamps. The kernel begins to stamp a moment after the first on
    the machine asks and stops after the last: while this one is open, no other comes too soon."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ask_for_stamps(sock)
    return sock


def receive(sock: socket.socket, size: int) -> tuple[bytes, int | None]:
    """Up to `size` bytes, and the wall-clock ns at which the last of them arrived, if known."""
    if not _HAS_STAMPS:
        return sock.recv(size), None
    data, ancillary, _, _ = sock.recvmsg(size, _ANCILLARY_BYTES)
    for level, kind, value in ancillary:
        if kind == _SO_TIMESTAMPNS and level == socket.SOL_SOCKET:
            seconds, ns = _TIMESPEC.unpack(value)
            return data, (seconds * _NS_PER_S + ns) or None  # no stamp is a zero
    return data, None


class WallClock:
    """Translates wall-clock instants of a moment ago into ns of time.monotonic_ns(); `read_ns` is
    the latter when it last did."""

    def __init__(self) -> None:
        self._ahead_ns, self.read_ns = _ahead()

    def monotonic_ns(self, wall_ns: int) -> int | None:
        """The same instant, never in the future; None if the wall clock was set meanwhile."""
        before_ns = time.monotonic_ns()
        ahead_ns = time.time_ns() - before_ns
        now_ns = time.monotonic_ns()
        if now_ns - before_ns > _UNDISTURBED_NS:
            ahead_ns, now_ns = _ahead()
        moved_ns = abs(ahead_ns - self._ahead_ns)
        allowed_ns = _JITTER_NS + (now_ns - self.read_ns) // _MAX_SLEW
        self._ahead_ns, self.read_ns = ahead_ns, now_ns
        return min(wall_ns - ahead_ns, now_ns) if moved_ns <= allowed_ns else None


def _ahead() -> tuple[int, int]:
    """How far the wall clock is ahead of the monotonic one, and the latter's time."""
    for _ in range(_TRIES):
        before_ns = time.monotonic_ns()
        wall_ns = time.time_ns()
        now_ns = time.monotonic_ns()
        if now_ns - before_ns < _UNDISTURBED_NS:
            break
    return wall_ns - (before_ns + now_ns) // 2, now_ns
