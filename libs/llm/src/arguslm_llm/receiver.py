"""The thread that reads. However long the event loop is busy, what arrives is taken at once: the
kernel joins what waits in a socket, and then the stamp of its first part is gone."""

import selectors
import socket
import threading
from typing import Protocol

from arguslm_llm.kernel_stamp import WallClock, stamping_socket

READABLE = selectors.EVENT_READ
WRITABLE = selectors.EVENT_WRITE


class Reader(Protocol):
    """Who is told that its socket is ready; it raises nothing and never blocks."""

    def on_ready(self, events: int) -> None: ...


class Receiver:
    """Waits for many sockets in one thread, which begins with the first of them.

    Call it from any thread. A socket is forgotten before it is closed.
    """

    def __init__(self) -> None:
        self.clock = WallClock()
        self._stamping = stamping_socket()
        self._selector = selectors.DefaultSelector()
        self._waking, self._woken = socket.socketpair()
        self._selector.register(self._woken, READABLE)
        self._thread = threading.Thread(target=self._run, name="wire-receiver", daemon=True)
        self._closing = False

    def watch(self, sock: socket.socket, reader: Reader) -> None:
        """Tell `reader` whenever there is something to read."""
        self._selector.register(sock, READABLE, reader)
        if not self._thread.is_alive():
            self._thread.start()
        self._wake()

    def watch_for(self, events: int, sock: socket.socket, reader: Reader) -> None:
        """From now on tell it of these events."""
        self._selector.modify(sock, events, reader)
        self._wake()

    def forget(self, sock: socket.socket) -> None:
        """Tell nobody of this socket any more."""
        if not self._closing:
            self._selector.unregister(sock)

    def close(self) -> None:
        """End the thread and free its files."""
        self._closing = True
        if self._thread.is_alive():
            self._wake()
            self._thread.join()
        self._selector.close()
        for sock in (self._waking, self._woken, self._stamping):
            sock.close()

    def _wake(self) -> None:
        # Not every platform's selector notices a change while it waits.
        self._waking.send(b"\0")

    def _run(self) -> None:
        while not self._closing:
            for key, events in self._selector.select():
                if key.data is None:
                    self._woken.recv(4096)
                else:
                    key.data.on_ready(events)
