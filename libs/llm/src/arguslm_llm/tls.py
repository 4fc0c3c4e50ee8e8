"""TLS between a socket's bytes and HTTP's, without a socket of its own: whoever reads the socket
knows when the bytes arrived."""

import contextlib
import functools
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import certifi

_READ_BYTES = 16 * 1024


class Channel(Protocol):
    """What is between the socket's bytes and HTTP's."""

    @property
    def closed(self) -> bool: ...

    def encrypt(self, data: bytes) -> bytes: ...

    def decrypt(self, data: bytes) -> bytes: ...

    def owed(self) -> bytes: ...


class TlsChannel:
    """One TLS session, for one thread at a time."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self.closed = False
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._session = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)

    def shake_hands(self, received: bytes | None) -> bool:
        """Go on with what the peer sent (None at the start, empty at its end); True when done.

        Raises:
            ssl.SSLError: the handshake has failed.
        """
        if received == b"":
            self._incoming.write_eof()
        elif received:
            self._incoming.write(received)
        try:
            self._session.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def encrypt(self, data: bytes) -> bytes:
        """What to send for `data`, with whatever else the peer is owed."""
        self._session.write(data)
        return self._outgoing.read()

    def decrypt(self, data: bytes) -> bytes:
        """What the received bytes complete. `closed` is true once the peer has said goodbye.

        Raises:
            ssl.SSLError: no TLS, or an alert.
        """
        self._incoming.write(data)
        pieces: list[bytes] = []
        try:
            while self._incoming.pending or self._session.pending():
                piece = self._session.read(_READ_BYTES)
                if not piece:
                    self.closed = True
                    break
                pieces.append(piece)
        except ssl.SSLWantReadError:
            pass  # the rest of a record is on its way
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def owed(self) -> bytes:
        """What the peer is to get before anything else: handshake messages, answers to its own."""
        return self._outgoing.read() if self._outgoing.pending else b""


class Nested:
    """A session within another one: with the endpoint, through a proxy that is secured itself."""

    def __init__(self, outer: Channel, inner: TlsChannel) -> None:
        self._outer = outer
        self._inner = inner

    @property
    def closed(self) -> bool:
        return self._outer.closed or self._inner.closed

    def encrypt(self, data: bytes) -> bytes:
        return self._outer.encrypt(self._inner.encrypt(data))

    def decrypt(self, data: bytes) -> bytes:
        clear = self._outer.decrypt(data)
        return self._inner.decrypt(clear) if clear else b""

    def owed(self) -> bytes:
        inner = self._inner.owed()
        return self._outer.encrypt(inner) if inner else self._outer.owed()


async def handshake(
    channel: TlsChannel,
    send: Callable[[bytes], Awaitable[None]],
    receive: Callable[[], Awaitable[bytes]],
) -> None:
    """Until both sides have agreed.

    Raises:
        ssl.SSLError: they have not.
        OSError: the connection broke.
    """
    received: bytes | None = None
    while True:
        try:
            done = channel.shake_hands(received)
        except ssl.SSLError:
            with contextlib.suppress(OSError):  # say why, if there is still somebody to hear it
                await send(channel.owed())
            raise
        if owed := channel.owed():
            await send(owed)
        if done:
            return
        received = await receive()


def tls_reason(error: ssl.SSLError) -> str:
    """Why TLS failed, in words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message}"
    return (error.reason or "handshake failed").lower().replace("_", " ")


@functools.cache
def default_ssl_context() -> ssl.SSLContext:
    """What `ssl_context` gives without any file. Made once: it takes 20 ms."""
    return ssl_context()


def ssl_context(
    ca_file: Path | None = None,
    client_cert_file: Path | None = None,
    client_key_file: Path | None = None,
) -> ssl.SSLContext:
    """Trusts the machine's own authorities and certifi's, so that a private one installed on the
    machine works and so does a machine with none installed; and those of `ca_file`.

    Raises:
        ValueError: a file cannot be used; the message names it.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            raise ValueError(f"{ca_file} holds no certificates: {_why(error)}") from error
    if client_cert_file is not None:
        try:
            context.load_cert_chain(client_cert_file, client_key_file, password=_no_password)
        except OSError as error:
            names = " and ".join(str(file) for file in (client_cert_file, client_key_file) if file)
            raise ValueError(
                f"{names} hold no certificate with its key, unencrypted: {_why(error)}"
            ) from error
    return context


def _no_password() -> str:
    """Without this, OpenSSL would ask for one at the terminal."""
    return ""


def _why(error: OSError) -> str:
    return tls_reason(error) if isinstance(error, ssl.SSLError) else str(error.strerror).lower()
