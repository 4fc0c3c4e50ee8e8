"""The thread that reads. However long the event loop is busy, what arrives is taken at once: the
kernel joins what waits in a socket, and then the stamp of its first part is gone."""

import socket
import threading

from arguslm_llm.kernel_stamp import WallClock, stamping_socket
from arguslm_llm.readiness import Reader, readiness


class _Alarm:
    """Wakes the thread that waits."""

    def __init__(self) -> None:
        self._waking, self.woken = socket.socketpair()

    def ring(self) -> None:
        self._waking.send(b"\0")

    def on_ready(self, events: int) -> None:
        self.woken.recv(4096)

    def close(self) -> None:
        self._waking.close()
        self.woken.close()


class Receiver:
    """Waits for many sockets in one thread, which begins with the first of them.

    Call it from any thread. A socket is forgotten before it is closed.
    """

    def __init__(self) -> None:
        self.clock = WallClock()
        self._stamping = stamping_socket()
        self._readiness = readiness()
        self._alarm = _Alarm()
        self._readiness.register(self._alarm.woken, self._alarm)
        self._thread = threading.Thread(target=self._run, name="wire-receiver", daemon=True)
        self._closing = False

    def watch(self, sock: socket.socket, reader: Reader) -> None:
        """Tell `reader` whenever there is something to read."""
        self._readiness.register(sock, reader)
        if not self._thread.is_alive():
            self._thread.start()
        self._alarm.ring()

    def watch_for(self, events: int, sock: socket.socket, reader: Reader) -> None:
        """From now on tell it of these events."""
        self._readiness.modify(sock, events, reader)
        # Not every platform notices a change while it waits.
        self._alarm.ring()

    def forget(self, sock: socket.socket) -> None:
        """Tell nobody of this socket any more."""
        if not self._closing:
            self._readiness.unregister(sock)

    def close(self) -> None:
        """End the thread and free its files."""
        self._closing = True
        if self._thread.is_alive():
            self._alarm.ring()
            self._thread.join()
        self._readiness.close()
        self._alarm.close()
        self._stamping.close()

    def _run(self) -> None:
        while not self._closing:
            for reader, events in self._readiness.ready():
                reader.on_ready(events)
