"""Idle keep-alive connections, by origin."""

import time

from arguslm_llm.connection import Connection
from arguslm_llm.exchange import NS_PER_S
from arguslm_llm.http1 import Origin

_MAX_IDLE_NS = 90 * NS_PER_S
_MAX_IDLE_PER_ORIGIN = 64


class Pool:
    """Newest first: the connection used last is the least likely to have been closed."""

    def __init__(self) -> None:
        self._idle: dict[Origin, list[Connection]] = {}
        self._sweep_due_ns = 0
        self._closed = False

    def take(self, origin: Origin) -> Connection | None:
        """An idle connection to this origin, or None when a new one is needed."""
        idle = self._idle.get(origin, [])
        now_ns = time.monotonic_ns()
        while idle:
            connection = idle.pop()
            if _is_fresh(connection, now_ns):
                return connection
            connection.abort()
        self._idle.pop(origin, None)
        return None

    def give(self, connection: Connection) -> None:
        """Take back a connection whose response is complete."""
        idle = self._idle.setdefault(connection.origin, [])
        if self._closed or not connection.reusable or len(idle) >= _MAX_IDLE_PER_ORIGIN:
            connection.abort()
            if not idle:
                del self._idle[connection.origin]
            return
        connection.idle_since_ns = time.monotonic_ns()
        idle.append(connection)
        if connection.idle_since_ns >= self._sweep_due_ns:
            self._sweep(connection.idle_since_ns)

    def close(self) -> None:
        """Close what is idle, and whatever comes back later."""
        self._closed = True
        for idle in self._idle.values():
            for connection in idle:
                connection.abort()
        self._idle.clear()

    def _sweep(self, now_ns: int) -> None:
        """Let go of what nobody came back for."""
        self._sweep_due_ns = now_ns + _MAX_IDLE_NS
        for origin, idle in list(self._idle.items()):
            for connection in [each for each in idle if not _is_fresh(each, now_ns)]:
                idle.remove(connection)
                connection.abort()
            if not idle:
                del self._idle[origin]


def _is_fresh(connection: Connection, now_ns: int) -> bool:
    return connection.open and now_ns - connection.idle_since_ns <= _MAX_IDLE_NS
