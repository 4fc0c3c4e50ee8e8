"""Which of many sockets are ready: epoll itself where there is one, for a selector makes a record
of each event, and with hundreds of streams that is a tenth of what a chunk costs."""

import select
import selectors
import socket
import sys
from collections.abc import Iterator
from typing import Protocol

READABLE = selectors.EVENT_READ
WRITABLE = selectors.EVENT_WRITE


class Reader(Protocol):
    """Who is told that its socket is ready; it raises nothing and never blocks."""

    def on_ready(self, events: int) -> None: ...


class Readiness(Protocol):
    """Sockets with their readers. All but `ready` may be called from any thread."""

    def register(self, sock: socket.socket, reader: Reader) -> None:
        """Look whether it can be read."""

    def modify(self, sock: socket.socket, events: int, reader: Reader) -> None: ...

    def unregister(self, sock: socket.socket) -> None: ...

    def ready(self) -> Iterator[tuple[Reader, int]]:
        """Who is ready, and for what; waits until somebody is. What is wrong with a socket is told
        to whoever reads it."""

    def close(self) -> None: ...


def readiness() -> Readiness:
    return _Epoll() if sys.platform == "linux" else _Selector()


class _Selector:
    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def register(self, sock: socket.socket, reader: Reader) -> None:
        self._selector.register(sock, READABLE, reader)

    def modify(self, sock: socket.socket, events: int, reader: Reader) -> None:
        self._selector.modify(sock, events, reader)

    def unregister(self, sock: socket.socket) -> None:
        self._selector.unregister(sock)

    def ready(self) -> Iterator[tuple[Reader, int]]:
        for key, events in self._selector.select():
            yield key.data, events

    def close(self) -> None:
        self._selector.close()


if sys.platform == "linux":

    class _Epoll:
        def __init__(self) -> None:
            self._epoll = select.epoll()
            self._readers: dict[int, Reader] = {}

        def register(self, sock: socket.socket, reader: Reader) -> None:
            self._readers[sock.fileno()] = reader
            self._epoll.register(sock, select.EPOLLIN)

        def modify(self, sock: socket.socket, events: int, reader: Reader) -> None:
            self._epoll.modify(sock, select.EPOLLIN | (select.EPOLLOUT if events & WRITABLE else 0))

        def unregister(self, sock: socket.socket) -> None:
            self._epoll.unregister(sock)
            del self._readers[sock.fileno()]

        def ready(self) -> Iterator[tuple[Reader, int]]:
            readers = self._readers
            for number, events in self._epoll.poll(-1, max(len(readers), 1)):
                # Whoever was told before may have closed this one.
                if (reader := readers.get(number)) is not None:
                    writable = WRITABLE if events & ~select.EPOLLIN else 0
                    yield reader, writable | (READABLE if events & ~select.EPOLLOUT else 0)

        def close(self) -> None:
            self._epoll.close()
