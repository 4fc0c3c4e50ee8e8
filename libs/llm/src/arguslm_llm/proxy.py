"""Proxies: which one leads to an origin, and how one is asked for a tunnel."""

import base64
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import unquote, urlsplit

from arguslm_contracts.outcomes import Outcome
from arguslm_llm.exchange import WireFailure
from arguslm_llm.http1 import Origin, ProtocolError, ResponseParser, host_and_port
from arguslm_llm.transport import Transport

_DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where it is, and the user and password if it wants them. The scheme of its origin is how it
    is spoken to: http, https (HTTP within TLS), socks5 (it is told addresses) or socks5h (names).
    """

    origin: Origin
    login: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def speaks_socks(self) -> bool:
        return self.origin.scheme in ("socks5", "socks5h")

    @property
    def resolves(self) -> bool:
        """Whether it is told a name, and looks for the address itself."""
        return self.origin.scheme != "socks5"

    @property
    def authorization(self) -> str | None:
        """The value of Proxy-Authorization."""
        if self.login is None:
            return None
        return f"Basic {base64.b64encode(':'.join(self.login).encode()).decode()}"

    def hands_over(self, origin: Origin) -> bool:
        """Whether it takes the request itself, instead of opening a way to the origin."""
        return origin.scheme == "http" and not self.speaks_socks

    def __str__(self) -> str:
        return f"proxy {self.origin.host} port {self.origin.port}"


@dataclass(frozen=True, slots=True)
class Proxies:
    """The operator's proxies by the scheme they lead to ("http", "https", "all"), and the hosts
    that are reached without: names (each with all below it), addresses, networks, or "*"."""

    by_scheme: Mapping[str, Proxy] = field(default_factory=dict)
    bypassed: tuple[str, ...] = ()

    def leading_to(self, origin: Origin) -> Proxy | None:
        """The proxy for this origin. This machine itself is never reached through one."""
        if not self.by_scheme or _is_this_machine(origin.host):
            return None
        if any(_covers(entry, origin) for entry in self.bypassed):
            return None
        return self.by_scheme.get(origin.scheme) or self.by_scheme.get("all")


def proxies_in_environment() -> Proxies:
    """What HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say, in either case of letters.

    Raises:
        ValueError: one of them is no address of a proxy; the message never repeats it.
    """
    found: dict[str, str] = urllib.request.getproxies_environment()
    schemes = [scheme for scheme in ("https", "http", "all") if scheme in found]
    by_scheme: dict[str, Proxy] = {scheme: _proxy(scheme, found[scheme]) for scheme in schemes}
    bypassed = (entry.strip().lower() for entry in found.get("no", "").split(","))
    return Proxies(by_scheme, tuple(entry for entry in bypassed if entry))


def _proxy(scheme: str, url: str) -> Proxy:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or port == 0:
        raise ValueError(
            f"{scheme.upper()}_PROXY must be like http://user:password@host:port;"
            " https, socks5 and socks5h will do too"
        )
    origin = Origin(parts.scheme, parts.hostname, port or _DEFAULT_PORTS[parts.scheme])
    if parts.username is None:
        return Proxy(origin)
    return Proxy(origin, (unquote(parts.username), unquote(parts.password or "")))


async def open_tunnel(transport: Transport, proxy: Proxy, origin: Origin) -> None:
    """Turn a connection to an HTTP proxy into one to the origin.

    Raises:
        WireFailure: the proxy refuses; its message says that it was the proxy.
        OSError: the connection broke.
    """
    where = host_and_port(origin)
    head = f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n"
    if proxy.authorization:
        head += f"Proxy-Authorization: {proxy.authorization}\r\n"
    await transport.send(f"{head}\r\n".encode("latin-1"))
    answer = ResponseParser()
    try:
        while not answer.headers_complete:
            data = await transport.receive()
            if not data:
                raise ProtocolError("it closed the connection")
            more = answer.feed(data)
        if answer.status == 200 and more:
            raise ProtocolError("it spoke before the endpoint was asked")
    except ProtocolError as error:
        raise WireFailure(Outcome.MONITOR_ERROR, f"{proxy}: {error}") from error
    if not 200 <= answer.status < 300:
        raise refusal(proxy, answer.status)


def refusal(proxy: Proxy, status: int) -> WireFailure:
    """What a proxy's own answer means: that we may not pass, or that it came no further."""
    match status:
        case 403:
            outcome, why = Outcome.BLOCKED_BY_POLICY, "forbids it"
        case 407:
            outcome, why = Outcome.MONITOR_ERROR, "did not accept our login"
        case 500 | 502 | 503 | 504:
            outcome, why = Outcome.REFUSED, "could not reach the endpoint"
        case _:
            outcome, why = Outcome.MONITOR_ERROR, "opened no way to the endpoint"
    return WireFailure(outcome, f"{proxy} {why} (HTTP {status})")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".").lower() == "localhost"


def _covers(entry: str, origin: Origin) -> bool:
    """Whether an entry of NO_PROXY means this origin."""
    if entry in ("*", host_and_port(origin)):
        return True
    host = origin.host.rstrip(".").lower()
    try:
        return ip_address(host) in ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        domain = entry.removesuffix(f":{origin.port}").removeprefix("*").removeprefix(".")
        return host == domain or host.endswith(f".{domain}")
