"""Where our own connections may go. The address that was checked is the one that is connected."""

import contextlib
import ipaddress
import socket
from dataclasses import dataclass

from arguslm_contracts.outcomes import Outcome
from arguslm_egress.name_lookup import Address, NameLookup, look_up

_NAMES = NameLookup()
_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

# Services that hand out a machine's own credentials, beyond what is link-local already.
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
_METADATA_NAMES = frozenset({"metadata.google.internal", "metadata", "instance-data"})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class EgressBlocked(Exception):
    """The policy forbids this address; `kind` says what it is, without saying it."""

    outcome = Outcome.BLOCKED_BY_POLICY

    def __init__(self, address: str, kind: str) -> None:
        super().__init__(f"{address} is {kind}")
        self.kind = kind


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """Cloud metadata, link-local and multicast addresses are refused always; private and
    loopback addresses too unless `allow_private`."""

    allow_private: bool = True

    async def resolve(self, host: str, port: int) -> list[Address]:
        """The allowed addresses of a host, in the resolver's order.

        Raises:
            EgressBlocked: the name or any address behind it is forbidden.
            socket.gaierror: the name does not resolve.
        """
        _refuse_metadata_names(host)
        return self._allowed(_literal(host, port) or await _NAMES.addresses_of(host, port))

    def resolve_blocking(self, host: str, port: int) -> list[Address]:
        """The same, for a thread that has no event loop."""
        _refuse_metadata_names(host)
        return self._allowed(_literal(host, port) or look_up(host, port))

    def check_unresolved(self, host: str) -> None:
        """For a host that a proxy is going to resolve: what its name alone tells.

        Raises:
            EgressBlocked: it is a forbidden name, or a forbidden address in any way of writing it.
        """
        _refuse_metadata_names(host)
        for _, address, _ in _literal(host, 0):
            self.check(address)
        with contextlib.suppress(OSError):  # 127.1, 0x7f000001: resolvers read these as addresses
            self.check(socket.inet_ntoa(socket.inet_aton(host)))

    def _allowed(self, addresses: list[Address]) -> list[Address]:
        for _, address, _ in addresses:
            self.check(address)
        return addresses

    def check(self, address: str) -> None:
        """Raises EgressBlocked when the policy forbids this IP address."""
        ip = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
        if ip in _METADATA or ip.is_link_local or ip.is_multicast:
            raise EgressBlocked(address, "a link-local, multicast or metadata address")
        if not self.allow_private and not ip.is_global:
            raise EgressBlocked(address, "a private address")


def _refuse_metadata_names(host: str) -> None:
    if host.rstrip(".").lower() in _METADATA_NAMES:
        raise EgressBlocked(host, "a cloud metadata service")


def _unwrapped(ip: _Ip) -> _Ip:
    """The IPv4 address inside an IPv6 one, so that no wrapping gets around the policy."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
    if inner is None and ip in _NAT64:
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return inner or ip


def _literal(host: str, port: int) -> list[Address]:
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return []
    family = socket.AF_INET if ip.version == 4 else socket.AF_INET6
    return [(family, host, port)]
