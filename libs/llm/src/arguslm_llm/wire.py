"""Our own HTTP/1.1 client: it connects, sends and stamps. One request, one exchange, no retry."""

import asyncio
import errno
import os
import socket
import ssl
import time
from http import HTTPStatus

from arguslm_contracts.measurement import Timeouts
from arguslm_contracts.outcomes import Outcome
from arguslm_egress.name_lookup import Address
from arguslm_egress.policy import EgressBlocked, EgressPolicy
from arguslm_llm.connection import Connection
from arguslm_llm.exchange import NS_PER_S, Exchange, ReadProgress, WireFailure
from arguslm_llm.http1 import Origin, ProtocolError, WireRequest
from arguslm_llm.network import Network
from arguslm_llm.pool import Pool
from arguslm_llm.proxy import Proxy, open_tunnel, refusal
from arguslm_llm.receiver import Receiver
from arguslm_llm.socks import socks_connect
from arguslm_llm.tls import tls_reason
from arguslm_llm.transport import Transport

# A reused connection lost this soon, without one byte of response, was closed by the server while
# it lay idle. Later than this, the server may have died over our request: that is an outcome.
_STALE_WITHIN_NS = NS_PER_S
_OUR_OWN_LIMITS = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EADDRNOTAVAIL}


class Wire:
    """A pool of connections over one network. Use it on one event loop."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._pool = Pool()
        self._receiver = Receiver()

    async def exchange(
        self,
        request: WireRequest,
        timeouts: Timeouts,
        progress: ReadProgress,
        *,
        scheduled_ns: int | None = None,
    ) -> Exchange:
        """Send a request and gather the response. Failures are in the result, never raised."""
        exchange = Exchange(scheduled_ns=scheduled_ns, began_ns=time.monotonic_ns())
        try:
            await self._run(request, exchange, timeouts, progress)
        except WireFailure as failure:
            exchange.failure, exchange.message = failure.outcome, failure.message
            exchange.ended_ns = exchange.ended_ns or time.monotonic_ns()
        return exchange

    async def close(self) -> None:
        """Close every idle connection, and read no more."""
        self._pool.close()
        self._receiver.close()

    async def _run(
        self,
        request: WireRequest,
        exchange: Exchange,
        timeouts: Timeouts,
        progress: ReadProgress,
    ) -> None:
        proxy, data = self._prepared(request)
        connection = self._pool.take(request.origin)
        if connection is not None:
            exchange.reused = True
            try:
                await connection.send(data, exchange, timeouts, progress)
            except WireFailure as failure:
                if not _was_stale(failure, connection, exchange):
                    raise
                # Not a retry: the server had closed this connection before it read anything, so
                # no request was accepted. The clocks begin again with the fresh connection.
                _reset(exchange)
                connection = None
        if connection is None:
            connection = await self._connect(request.origin, proxy, exchange, timeouts)
            await connection.send(data, exchange, timeouts, progress)
        self._pool.give(connection)
        if proxy is not None and exchange.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            exchange.status = None  # the endpoint never heard of it
            raise refusal(proxy, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED)

    def _prepared(self, request: WireRequest) -> tuple[Proxy | None, bytes]:
        """The proxy it goes through, and its bytes: a proxy without a tunnel has to read them."""
        try:
            proxy = self._network.proxies.leading_to(request.origin)
            if proxy is None or not proxy.hands_over(request.origin):
                return proxy, request.encoded()
            login = proxy.authorization
            return proxy, request.encoded(for_proxy=True, proxy_authorization=login)
        except ProtocolError as error:
            raise WireFailure(Outcome.BAD_REQUEST, str(error)) from error

    async def _connect(
        self, origin: Origin, proxy: Proxy | None, exchange: Exchange, timeouts: Timeouts
    ) -> Connection:
        addresses: list[Address] = []
        try:
            async with asyncio.timeout(timeouts.connect_s):
                if proxy is None:
                    addresses = await self._resolve(origin, exchange)
                    transport = Transport(await _connect_tcp(addresses, exchange))
                else:
                    transport = await self._connect_through(proxy, origin, exchange)
                return await self._open(transport, origin, exchange)
        except TimeoutError as error:
            where = f" by way of {proxy}" if proxy is not None else ""
            if proxy is None and not addresses:
                where = f": no name server said where {origin.host} is"
            raise WireFailure(Outcome.TIMEOUT_CONNECT, f"no connection in time{where}") from error

    async def _resolve(self, origin: Origin, exchange: Exchange) -> list[Address]:
        began = time.monotonic_ns()
        try:
            return await self._network.egress.resolve(origin.host, origin.port)
        except EgressBlocked as error:
            raise WireFailure(error.outcome, str(error)) from error
        except socket.gaierror as error:
            raise WireFailure(Outcome.DNS, f"{origin.host} does not resolve") from error
        finally:
            exchange.dns_ns = time.monotonic_ns() - began

    async def _connect_through(self, proxy: Proxy, origin: Origin, exchange: Exchange) -> Transport:
        """A way to the origin. The operator chose the proxy, so it may be anywhere; where it
        resolves the origin's name, only what the name itself tells can be refused."""
        addresses: list[Address] = []
        try:
            if proxy.resolves:
                self._network.egress.check_unresolved(origin.host)
            else:
                addresses = await self._resolve(origin, exchange)
        except EgressBlocked as error:
            raise WireFailure(error.outcome, str(error)) from error
        began = time.monotonic_ns()
        transport = await self._connect_to(proxy, exchange)
        try:
            if proxy.speaks_socks:
                await socks_connect(transport, proxy, origin, addresses[0] if addresses else None)
            elif not proxy.hands_over(origin):
                await open_tunnel(transport, proxy, origin)
        except OSError as error:
            transport.close()
            raise WireFailure(Outcome.MONITOR_ERROR, f"{proxy}: the connection broke") from error
        except BaseException:
            transport.close()
            raise
        exchange.connect_ns = time.monotonic_ns() - began
        return transport

    async def _connect_to(self, proxy: Proxy, exchange: Exchange) -> Transport:
        """A way to the proxy itself, secured where it wants that."""
        try:
            addresses = await EgressPolicy().resolve(proxy.origin.host, proxy.origin.port)
            transport = Transport(await _connect_tcp(addresses, exchange))
        except (EgressBlocked, socket.gaierror, WireFailure) as error:
            raise WireFailure(Outcome.MONITOR_ERROR, f"{proxy}: {error}") from error
        if proxy.origin.scheme != "https":
            return transport
        try:
            await transport.secure(self._network.ssl_context, proxy.origin.host)
        except ssl.SSLError as error:
            transport.close()
            message = f"{proxy}: {tls_reason(error)}"
            raise WireFailure(Outcome.MONITOR_ERROR, message) from error
        except OSError as error:
            transport.close()
            message = f"{proxy}: the connection broke during the TLS handshake"
            raise WireFailure(Outcome.MONITOR_ERROR, message) from error
        except BaseException:
            transport.close()
            raise
        return transport

    async def _open(self, transport: Transport, origin: Origin, exchange: Exchange) -> Connection:
        """Make it a connection, with TLS where the origin asks for it."""
        try:
            if origin.scheme == "https":
                await self._secure(transport, origin.host, exchange)
            return Connection(transport.sock, origin, self._receiver, transport.channel)
        except BaseException:
            transport.close()
            raise

    async def _secure(self, transport: Transport, host: str, exchange: Exchange) -> None:
        began = time.monotonic_ns()
        try:
            await transport.secure(self._network.ssl_context, host)
        except ssl.SSLError as error:
            raise WireFailure(Outcome.TLS, tls_reason(error)) from error
        except OSError as error:
            message = "the connection broke during the TLS handshake"
            raise WireFailure(Outcome.TLS, message) from error
        finally:
            exchange.tls_ns = time.monotonic_ns() - began


async def _connect_tcp(addresses: list[Address], exchange: Exchange) -> socket.socket:
    """Try the addresses in order; the last one's failure is the one reported."""
    loop = asyncio.get_running_loop()
    began = time.monotonic_ns()
    failure = WireFailure(Outcome.DNS, "the host has no address")
    for family, host, port in addresses:
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            raise WireFailure(Outcome.MONITOR_ERROR, "no socket left on this machine") from error
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(sock, (host, port))
        except OSError as error:
            sock.close()
            failure = _connect_failure(error, f"{host} port {port}")
        except BaseException:
            sock.close()
            raise
        else:
            exchange.connect_ns = time.monotonic_ns() - began
            return sock
    exchange.connect_ns = time.monotonic_ns() - began
    raise failure


def _connect_failure(error: OSError, where: str) -> WireFailure:
    # The loop puts words of its own in the place of the system's.
    what = os.strerror(error.errno) if error.errno else type(error).__name__
    reason = f"{where}: {what.lower()}"
    if error.errno in _OUR_OWN_LIMITS:
        return WireFailure(Outcome.MONITOR_ERROR, reason)
    if error.errno == errno.ETIMEDOUT:
        return WireFailure(Outcome.TIMEOUT_CONNECT, reason)
    return WireFailure(Outcome.REFUSED, reason)


def _was_stale(failure: WireFailure, connection: Connection, exchange: Exchange) -> bool:
    lost = failure.outcome is Outcome.DISCONNECTED and not connection.answered_anything
    if not lost or exchange.ended_ns is None:
        return False
    return exchange.sent_ns is None or exchange.ended_ns - exchange.sent_ns < _STALE_WITHIN_NS


def _reset(exchange: Exchange) -> None:
    exchange.reused = False
    exchange.sent_ns = exchange.all_sent_ns = exchange.ended_ns = None
    exchange.stamp, exchange.read_lag_ns = None, 0
    exchange.began_ns = time.monotonic_ns()
