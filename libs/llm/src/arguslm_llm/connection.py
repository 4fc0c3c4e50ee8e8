"""One HTTP/1.1 connection. Its event loop sends, the receiver's thread stamps and appends."""

import asyncio
import socket
import ssl
import threading
import time

from arguslm_contracts.measurement import Stamp, Timeouts
from arguslm_contracts.outcomes import Outcome
from arguslm_llm.exchange import Exchange, ReadProgress, WireFailure
from arguslm_llm.http1 import Origin, ProtocolError, ResponseParser
from arguslm_llm.kernel_stamp import ask_for_stamps, receive
from arguslm_llm.readiness import READABLE, WRITABLE
from arguslm_llm.receiver import Receiver
from arguslm_llm.tls import Channel, tls_reason
from arguslm_llm.waiting import Waiter, Watch

_READ_BYTES = 64 * 1024
# A body within its limit could still come byte by byte, and each piece takes 150 bytes to keep.
_MAX_READS = 500_000
# The translation of the kernel's clock trembles by less than this.
_STAMP_JITTER_NS = 1_000_000


class Connection:
    """Serves one exchange at a time; between two of them it is idle in the pool.

    The lock is held by whichever thread touches the socket, the TLS session or the exchange.
    """

    def __init__(
        self, sock: socket.socket, origin: Origin, receiver: Receiver, tls: Channel | None
    ) -> None:
        """Takes over a connected, non-blocking socket."""
        self.origin = origin
        self.idle_since_ns = 0
        self._sock = sock
        self._receiver = receiver
        self._tls = tls
        self._lock = threading.Lock()
        self._unsent = memoryview(b"")
        self._exchange: Exchange | None = None
        self._waiter: Waiter | None = None
        self._parser = ResponseParser()
        self._stamped_ns = 0
        self._closed = False
        self._received = False
        ask_for_stamps(sock)
        receiver.watch(sock, self)

    @property
    def open(self) -> bool:
        return not self._closed

    @property
    def answered_anything(self) -> bool:
        """Whether any byte of the current response has arrived."""
        return self._received

    @property
    def reusable(self) -> bool:
        """Whether another request may follow the last response."""
        whole = self._parser.complete and not self._unsent
        return self.open and whole and self._parser.reusable

    async def send(
        self, data: bytes, exchange: Exchange, timeouts: Timeouts, progress: ReadProgress
    ) -> None:
        """Send a request and gather its response into `exchange`, until it is complete.

        Raises:
            WireFailure: a deadline passed, the peer closed early, or it spoke no HTTP.
        """
        waiter = Waiter(asyncio.get_running_loop())
        watch = Watch(exchange, timeouts, progress, waiter)
        try:
            with self._lock:
                self._begin(data, exchange, waiter)
            watch.look()
            await waiter.future
        except BaseException:
            # Also on cancellation: half a response is left on this connection.
            self.abort()
            raise
        finally:
            watch.stop()
            with self._lock:
                self._exchange = self._waiter = None
            exchange.ended_ns = exchange.ended_ns or time.monotonic_ns()

    def abort(self) -> None:
        """Close at once, without a farewell."""
        with self._lock:
            self._close()

    # --- with the lock held

    def _begin(self, data: bytes, exchange: Exchange, waiter: Waiter) -> None:
        self._parser, self._received = ResponseParser(), False
        if self._closed:
            raise WireFailure(Outcome.DISCONNECTED, "the server closed the idle connection")
        to_send = self._tls.encrypt(data) if self._tls else data
        exchange.sent_ns = self._stamped_ns = time.monotonic_ns()
        self._exchange, self._waiter = exchange, waiter
        self._hand_over(to_send)

    def _hand_over(self, data: bytes) -> None:
        """Send it after what waits to be sent, as soon as the socket takes it."""
        self._unsent = memoryview(bytes(self._unsent) + data) if self._unsent else memoryview(data)
        self._flush()
        if self._unsent:
            self._receiver.watch_for(READABLE | WRITABLE, self._sock, self)

    def _flush(self) -> None:
        """Hand the socket as much as it takes."""
        try:
            sent = self._sock.send(self._unsent)
        except BlockingIOError:
            return
        except OSError:
            # The peer closed. What it said before that is still to be read, and then the end.
            sent = len(self._unsent)
        self._unsent = self._unsent[sent:]
        exchange = self._exchange
        if not self._unsent and exchange is not None:
            exchange.all_sent_ns = exchange.all_sent_ns or time.monotonic_ns()

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            self._receiver.forget(self._sock)
            self._sock.close()

    # --- in the receiver's thread

    def on_ready(self, events: int) -> None:
        """The socket can be read or written."""
        with self._lock:
            try:
                if not self._closed and events & WRITABLE:
                    self._flush()
                    if not self._unsent:
                        self._receiver.watch_for(READABLE, self._sock, self)
                if not self._closed and events & READABLE:
                    self._read()
            except Exception as error:  # a thread has nobody to raise to; the one who waits has
                self._fail(error)

    def _read(self) -> None:
        try:
            data, wall_ns = receive(self._sock, _READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self._lose(clean=False)
            return
        if not data:
            self._lose(clean=True)
            return
        stamp_ns = self._stamp(wall_ns)
        if self._tls is not None:
            data = self._decrypt(self._tls, data)
        if data:
            self._take(data, stamp_ns)
        if self._tls is not None and self._tls.closed:
            self._lose(clean=True)

    def _stamp(self, wall_ns: int | None) -> int:
        """The instant of a read: the kernel's, unless it is unknown or cannot be."""
        clock = self._receiver.clock
        arrived_ns = None if wall_ns is None else clock.monotonic_ns(wall_ns)
        exchange = self._exchange
        if arrived_ns is None or arrived_ns < self._stamped_ns - _STAMP_JITTER_NS:
            arrived_ns = time.monotonic_ns()
            if exchange is not None:
                exchange.stamp = Stamp.LOOP
        elif exchange is not None:
            exchange.stamp = exchange.stamp or Stamp.KERNEL
            exchange.read_lag_ns = max(exchange.read_lag_ns, clock.read_ns - arrived_ns)
        self._stamped_ns = max(self._stamped_ns, arrived_ns)
        return self._stamped_ns

    def _decrypt(self, tls: Channel, data: bytes) -> bytes:
        try:
            clear = tls.decrypt(data)
        except ssl.SSLError as error:
            self._fail(WireFailure(Outcome.TLS, tls_reason(error)))
            return b""
        if owed := tls.owed():  # the answer to a new key, perhaps
            self._hand_over(owed)
        return clear

    def _take(self, data: bytes, stamp_ns: int) -> None:
        exchange = self._exchange
        if exchange is None:
            self._close()  # nobody asked for this; the next response would be the wrong one
            return
        self._received = True
        try:
            body = self._parser.feed(data)
        except ProtocolError as error:
            self._fail(WireFailure(Outcome.INVALID_STREAM, str(error)))
            return
        if exchange.headers_ns is None and self._parser.headers_complete:
            exchange.headers_ns = stamp_ns
            exchange.status = self._parser.status
            exchange.headers = self._parser.headers
        if body:
            exchange.reads.append((stamp_ns, body))
            if len(exchange.reads) > _MAX_READS:
                message = f"the answer came in more than {_MAX_READS} pieces"
                self._fail(WireFailure(Outcome.INVALID_STREAM, message))
                return
        if self._parser.complete:
            exchange.ended_ns = stamp_ns
            self._end(None)

    def _lose(self, *, clean: bool) -> None:
        """The peer has closed, by a reset where it is not `clean`."""
        self._close()
        if self._exchange is None:
            return
        self._parser.feed_eof()
        if self._parser.complete and clean:
            self._end(None)
        else:
            self._end(WireFailure(Outcome.DISCONNECTED, "the server closed the connection early"))

    def _fail(self, error: Exception) -> None:
        self._close()
        self._end(error)

    def _end(self, error: Exception | None) -> None:
        exchange, waiter = self._exchange, self._waiter
        self._exchange = self._waiter = None
        if exchange is not None and waiter is not None:
            exchange.ended_ns = exchange.ended_ns or time.monotonic_ns()
            waiter.end(error)
