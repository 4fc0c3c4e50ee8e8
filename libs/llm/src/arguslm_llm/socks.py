"""SOCKS5 (RFC 1928, RFC 1929): how such a proxy is asked for a way to an origin."""

import socket
from ipaddress import ip_address

from arguslm_contracts.outcomes import Outcome
from arguslm_egress.name_lookup import Address
from arguslm_llm.exchange import WireFailure
from arguslm_llm.http1 import Origin
from arguslm_llm.proxy import Proxy
from arguslm_llm.transport import Transport

_VERSION, _CONNECT = 5, 1
_NO_LOGIN, _LOGIN, _NONE_OF_THEM = 0, 2, 0xFF
_TOO_LONG = 256
_IPV4, _NAME, _IPV6 = 1, 3, 4
_SAYS = {
    1: (Outcome.MONITOR_ERROR, "failed"),
    2: (Outcome.BLOCKED_BY_POLICY, "forbids it"),
    3: (Outcome.REFUSED, "finds no network to the endpoint"),
    4: (Outcome.REFUSED, "could not reach the endpoint"),
    5: (Outcome.REFUSED, "was refused by the endpoint"),
    6: (Outcome.REFUSED, "gave the endpoint up"),
    7: (Outcome.MONITOR_ERROR, "makes no connections"),
    8: (Outcome.MONITOR_ERROR, "does not take this kind of address"),
}


async def socks_connect(
    transport: Transport, proxy: Proxy, origin: Origin, address: Address | None
) -> None:
    """Turn a connection to a SOCKS5 proxy into one to the origin: to this address of it, or to what
    the proxy takes its name for.

    Raises:
        WireFailure: the proxy refuses; its message says that it was the proxy.
        OSError: the connection broke.
    """
    await _greet(transport, proxy)
    host = origin.host if address is None else address[1]
    await transport.send(bytes((_VERSION, _CONNECT, 0)) + _where(host, origin.port))
    version, reply, _, kind = await transport.exactly(4)
    if version != _VERSION:
        raise _no_socks(proxy)
    if reply:
        outcome, why = _SAYS.get(reply, (Outcome.MONITOR_ERROR, "opened no way to the endpoint"))
        raise WireFailure(outcome, f"{proxy} {why} (SOCKS reply {reply})")
    length = {_IPV4: 4, _IPV6: 16}.get(kind)
    if length is None:
        [length] = await transport.exactly(1)
    await transport.exactly(length + 2)  # where it connects from


async def _greet(transport: Transport, proxy: Proxy) -> None:
    methods = bytes((_NO_LOGIN, _LOGIN)) if proxy.login else bytes((_NO_LOGIN,))
    await transport.send(bytes((_VERSION, len(methods))) + methods)
    version, method = await transport.exactly(2)
    if version != _VERSION:
        raise _no_socks(proxy)
    if method == _LOGIN and proxy.login:
        name, password = (text.encode()[:255] for text in proxy.login)
        await transport.send(bytes((1, len(name))) + name + bytes((len(password),)) + password)
        _, refused = await transport.exactly(2)
        method = _NONE_OF_THEM if refused else _NO_LOGIN
    if method != _NO_LOGIN:
        wants = "did not accept our login" if proxy.login else "wants a login"
        raise WireFailure(Outcome.MONITOR_ERROR, f"{proxy} {wants}")


def _where(host: str, port: int) -> bytes:
    try:
        address = ip_address(host)
    except ValueError:
        name = _encoded(host)
        return bytes((_NAME, len(name))) + name + port.to_bytes(2)
    kind = _IPV4 if address.version == 4 else _IPV6
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    return bytes((kind,)) + socket.inet_pton(family, host) + port.to_bytes(2)


def _encoded(host: str) -> bytes:
    try:
        name = host.encode("ascii" if host.isascii() else "idna")
    except UnicodeError:
        name = b""
    if not 0 < len(name) < _TOO_LONG:
        raise WireFailure(Outcome.DNS, f"{host[:80]} is no name")
    return name


def _no_socks(proxy: Proxy) -> WireFailure:
    return WireFailure(Outcome.MONITOR_ERROR, f"{proxy} speaks no SOCKS5")
