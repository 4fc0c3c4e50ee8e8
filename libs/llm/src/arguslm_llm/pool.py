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
        self._closed = False

    def take(self, origin: Origin) -> Connection | None:
        """An idle connection to this origin, or None when a new one is needed."""
        idle = self._idle.get(origin, [])
        oldest_allowed = time.monotonic_ns() - _MAX_IDLE_NS
        while idle:
            connection = idle.pop()
            if connection.open and connection.idle_since_ns >= oldest_allowed:
                connection.on_lost = None
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
        connection.on_lost = self._forget
        idle.append(connection)

    def close(self) -> None:
        """Close what is idle, and whatever comes back later."""
        self._closed = True
        for idle in self._idle.values():
            for connection in idle:
                connection.on_lost = None
                connection.abort()
        self._idle.clear()

    def _forget(self, connection: Connection) -> None:
        idle = self._idle.get(connection.origin, [])
        if connection in idle:
            idle.remove(connection)
        if not idle:
            self._idle.pop(connection.origin, None)
