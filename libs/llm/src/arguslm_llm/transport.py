"""Bytes to a peer and back until its connection is handed over, through TLS where the way to it is
secured."""

import asyncio
import socket
import ssl

from arguslm_llm.tls import Channel, Nested, TlsChannel, handshake

_READ_BYTES = 16 * 1024


class Transport:
    """A connected, non-blocking socket, and the TLS sessions on it, one within the other."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.channel: Channel | None = None

    async def send(self, data: bytes) -> None:
        await self._send_raw(self.channel.encrypt(data) if self.channel else data)

    async def receive(self) -> bytes:
        """The next bytes; none when the peer has closed.

        Raises:
            ssl.SSLError: no TLS, or an alert.
            OSError: the connection broke.
        """
        loop = asyncio.get_running_loop()
        while True:
            data = await loop.sock_recv(self.sock, _READ_BYTES)
            channel = self.channel
            if channel is None or not data:
                return data
            clear = channel.decrypt(data)
            if owed := channel.owed():
                await self._send_raw(owed)
            if clear or channel.closed:
                return clear

    async def exactly(self, length: int) -> bytes:
        """So many bytes, from a peer that says no more before it is answered.

        Raises:
            OSError: it closed before, or the connection broke.
        """
        data = b""
        while len(data) < length:
            more = await asyncio.get_running_loop().sock_recv(self.sock, length - len(data))
            if not more:
                raise ConnectionResetError("closed half-way")
            data += more
        return data

    async def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Agree on TLS with the peer that it leads to by now.

        Raises:
            ssl.SSLError: they have not agreed.
            OSError: the connection broke.
        """
        session = TlsChannel(context, host)
        await handshake(session, self.send, self.receive)
        self.channel = session if self.channel is None else Nested(self.channel, session)

    def close(self) -> None:
        self.sock.close()

    async def _send_raw(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.sock, data)
